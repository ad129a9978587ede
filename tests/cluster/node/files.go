package node

import (
	"embed"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed files
var files embed.FS

// written are the templates and where they go below the layout's directory of files.
var written = map[string]string{
	"containerd.toml": "containerd.toml",
	"pods.conflist":   "cni/10-pods.conflist",
	"kubelet.yaml":    "kubelet.yaml",
	"proxy.yaml":      "proxy.yaml",
	"resolv.conf":     "resolv.conf",
	"addons.yaml":     "addons.yaml",
}

// writeFiles writes the configuration of the node's programs, with the node's own paths in it.
func writeFiles(l Layout) error {
	templates, err := template.ParseFS(files, "files/*")
	if err != nil {
		return err
	}
	for name, path := range written {
		path = l.Path("files", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := templates.ExecuteTemplate(file, name, l); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Binary is this program, for the one pod that runs it.
func (l Layout) Binary() (string, error) { return os.Executable() }
