package checks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	site     = "http://labs.test"
	password = "the comet of 1847"
)

// visitor is Maria's browser: it keeps cookies, and has the name of the site stand for whichever address it is told.
type visitor struct {
	platform
	http   *http.Client
	dialer *websocket.Dialer
	at     *string
}

// visits opens a browser that goes to the gateway's service.
func (p platform) visits() visitor {
	p.Helper()
	service, err := p.client.CoreV1().Services(platformSpace).Get(p.Context(), "gateway", meta.GetOptions{})
	need(p.T, err)
	at := service.Spec.ClusterIP + ":80"
	jar, err := cookiejar.New(nil)
	need(p.T, err)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", at)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Jar: jar, Timeout: longestWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return visitor{p, client, &websocket.Dialer{NetDialContext: dial, Jar: jar}, &at}
}

// signsIn fills in the form.
func (v visitor) signsIn() {
	v.Helper()
	form := url.Values{"name": {"maria"}, "password": {password}, "next": {"/lab"}}
	answer, err := v.http.PostForm(site+"/login", form)
	need(v.T, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/lab" {
		v.Fatalf("signing in was answered by %s to %q", answer.Status, answer.Header.Get("Location"))
	}
}

// cookie is the value of one that the gateway gave.
func (v visitor) cookie(name string) string {
	at, err := url.Parse(site)
	need(v.T, err)
	cookies := v.http.Jar.Cookies(at)
	found := slices.IndexFunc(cookies, func(cookie *http.Cookie) bool { return cookie.Name == name })
	if found < 0 {
		v.Fatalf("there is no cookie %s", name)
	}
	return cookies[found].Value
}

// asks sends a request as a script of an open page does, and reads the answer.
func (v visitor) asks(method, path string, body any) (int, []byte) {
	v.Helper()
	text, err := json.Marshal(body)
	need(v.T, err)
	request, err := http.NewRequestWithContext(v.Context(), method, site+path, bytes.NewReader(text))
	need(v.T, err)
	request.Header.Set("Origin", site)
	request.Header.Set("X-XSRFToken", v.cookie("_xsrf"))
	answer, err := v.http.Do(request)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	need(v.T, err)
	return answer.StatusCode, said
}

// opensLab asks for the lab and follows the progress page to its end. Gives every sentence that it showed.
func (v visitor) opensLab() (told []string) {
	v.Helper()
	if status, said := v.asks("GET", "/lab", nil); status != http.StatusOK && status != http.StatusSeeOther {
		v.Fatalf("the lab was answered by %d: %s", status, said)
	}
	answer, err := v.http.Get(site + "/lab/progress")
	need(v.T, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	event := ""
	for lines.Scan() {
		if name, is := strings.CutPrefix(lines.Text(), "event: "); is {
			event = name
		}
		data, is := strings.CutPrefix(lines.Text(), "data: ")
		if !is {
			continue
		}
		var step struct{ Message, Reason string }
		need(v.T, json.Unmarshal([]byte(data), &step))
		switch event {
		case "ready":
			return told
		case "failed":
			v.Fatalf("the lab failed: %s", step.Reason)
		}
		if step.Message != "" {
			told = append(told, step.Message)
		}
	}
	v.Fatalf("the progress ended after %q: %v", told, lines.Err())
	return nil
}

// startsKernel gives the identifier of a new kernel. A gateway that has not heard yet what another has told her asks her to try again.
func (v visitor) startsKernel() (id string) {
	v.Helper()
	v.await("a kernel starts", func(context.Context) (bool, error) {
		status, said := v.asks("POST", "/user/maria/api/kernels", map[string]string{"name": "python3"})
		if status == http.StatusServiceUnavailable && strings.Contains(string(said), "lab-starting") {
			return false, nil
		}
		var kernel struct{ ID string }
		if status != http.StatusCreated || json.Unmarshal(said, &kernel) != nil {
			return false, fmt.Errorf("%d %s", status, said)
		}
		id = kernel.ID
		return true, nil
	})
	return id
}

// runs executes a cell, and gives what it printed.
func (v visitor) runs(kernel, code string) (printed string) {
	v.Helper()
	address := fmt.Sprintf("ws://labs.test/user/maria/api/kernels/%s/channels?session_id=checks", kernel)
	socket, answer, err := v.dialer.DialContext(v.Context(), address, http.Header{"Origin": {site}})
	if err != nil {
		v.Fatalf("no channels: %v %v", err, answer)
	}
	defer socket.Close()
	need(v.T, socket.SetReadDeadline(time.Now().Add(longestWait)))
	id := fmt.Sprint(time.Now().UnixNano())
	need(v.T, socket.WriteJSON(map[string]any{
		"channel": "shell", "parent_header": map[string]any{}, "metadata": map[string]any{}, "buffers": []any{},
		"header":  map[string]any{"msg_id": id, "msg_type": "execute_request", "username": "maria", "session": "checks", "version": "5.3"},
		"content": map[string]any{"code": code, "silent": false, "store_history": false, "user_expressions": map[string]any{}, "allow_stdin": false},
	}))
	for {
		var message struct {
			Header struct {
				Kind string `json:"msg_type"`
			}
			Parent struct {
				ID string `json:"msg_id"`
			} `json:"parent_header"`
			Content struct {
				Text   string
				State  string `json:"execution_state"`
				Reason string `json:"evalue"`
			}
		}
		need(v.T, socket.ReadJSON(&message))
		switch {
		case message.Parent.ID != id:
		case message.Header.Kind == "stream":
			printed += message.Content.Text
		case message.Header.Kind == "error":
			v.Fatalf("the cell failed: %s", message.Content.Reason)
		case message.Header.Kind == "status" && message.Content.State == "idle":
			return printed
		}
	}
}

// browses has her do something in a real browser.
func (v visitor) browses(step string) {
	v.Helper()
	address, _, err := net.SplitHostPort(*v.at)
	need(v.T, err)
	picture := filepath.Join(os.TempDir(), "nearside-cluster-browser.png")
	ctx, cancel := context.WithTimeout(v.Context(), 2*longestWait)
	defer cancel()
	program := exec.CommandContext(ctx, os.Getenv("NEARSIDE_PYTHON"), os.Getenv("NEARSIDE_BROWSER"), site, address, "maria", password, picture, step)
	program.Dir = filepath.Dir(os.Getenv("NEARSIDE_BROWSER"))
	if said, err := program.CombinedOutput(); err != nil {
		v.Fatalf("the browser failed, its last page is %s: %v\n%s", picture, err, said)
	}
}

// gateways are the pods of the gateway that are there and ready.
func (p platform) gateways() (ready []core.Pod) {
	p.Helper()
	pods, err := p.client.CoreV1().Pods(platformSpace).List(p.Context(), ofGateways)
	need(p.T, err)
	for _, pod := range pods.Items {
		is := func(c core.PodCondition) bool { return c.Type == core.PodReady && c.Status == core.ConditionTrue }
		if pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, is) {
			ready = append(ready, pod)
		}
	}
	return ready
}

var ofGateways = meta.ListOptions{LabelSelector: "app.kubernetes.io/name=nearside-gateway"}
