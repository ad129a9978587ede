// Command probe is what the cluster's tests run in pods: a server that tells where it runs, and a client that tells whether
// it got through. It is also the process that holds a pod's namespaces.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const usage = `usage: probe pause                  do nothing until ended
       probe serve ADDRESS          answer HTTP with the name of this host
       probe connect ADDRESS WAIT   open a connection within WAIT, such as 2s; the exit status tells whether it opened
       probe tries ADDRESS COUNT    try to connect so often, for 200 ms each, and print how often it opened
       probe write FILE TEXT        write a file, then do nothing until ended
       probe show FILE              print a file, then do nothing until ended
       probe put FILE TEXT          write a file and end
       probe exists FILE            the exit status tells whether there is such a file
       probe holds FILE TEXT        the exit status tells whether the file has this text and no other
       probe eat MEGABYTES          take memory, then do nothing until ended
`

// no is an exit status that is an answer and no failure: a connection did not open, a file is not there.
const no = 3

func main() {
	words := append(os.Args[1:], make([]string, 3)...)
	switch words[0] {
	case "pause":
		pause()
	case "serve":
		serve(words[1])
	case "connect":
		connect(words[1], words[2])
	case "tries":
		tries(words[1], words[2])
	case "write":
		write(words[1], words[2])
	case "show":
		show(words[1])
	case "put":
		put(words[1], words[2])
	case "exists":
		exists(words[1])
	case "holds":
		holds(words[1], words[2])
	case "eat":
		eat(words[1])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// pause also collects the children of others: as the first process of a pod it inherits them.
func pause() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	signal.Ignore(syscall.SIGCHLD)
	<-ended
}

func serve(address string) {
	http.HandleFunc("/", func(to http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		fmt.Fprintln(to, name)
	})
	go func() { fail(http.ListenAndServe(address, nil)) }()
	pause()
}

func connect(address, wait string) {
	longest, err := time.ParseDuration(wait)
	fail(err)
	connection, err := net.DialTimeout("tcp", address, longest)
	if err != nil {
		fmt.Println(err)
		os.Exit(no)
	}
	_ = connection.Close()
	fmt.Println("connected to", connection.RemoteAddr())
}

func tries(address, count string) {
	wanted, err := strconv.Atoi(count)
	fail(err)
	opened := 0
	for range wanted {
		if connection, err := net.DialTimeout("tcp", address, 200*time.Millisecond); err == nil {
			opened++
			_ = connection.Close()
		}
	}
	fmt.Println(opened, "of", wanted)
}

func write(path, text string) {
	put(path, text)
	pause()
}

func put(path, text string) {
	fail(os.WriteFile(path, []byte(text), 0o644))
	fmt.Println("written")
}

func show(path string) {
	text, err := os.ReadFile(path)
	fail(err)
	fmt.Println(string(text)) // a log is kept line by line
	pause()
}

func exists(path string) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		os.Exit(no)
	}
	fail(err)
	fmt.Println("yes")
}

func holds(path, wanted string) {
	text, err := os.ReadFile(path)
	fail(err)
	if string(text) != wanted {
		os.Exit(no)
	}
	fmt.Println("yes")
}

func eat(megabytes string) {
	size, err := strconv.Atoi(megabytes)
	fail(err)
	memory := make([]byte, size<<20)
	for i := range memory {
		memory[i] = 1 // a page that was never written takes no memory
	}
	pause()
	runtime.KeepAlive(memory)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
