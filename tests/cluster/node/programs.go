package node

// program is something that process 1 keeps running.
type program struct {
	name      string
	path      string
	arguments []string
}

// links are the programs that are this binary.
var links = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl", "volumes", "policy", "kwok"}

func programNames() []string { return links }

// programs are all programs of the node. Those that need another one wait for it, or end and are started again.
func programs(l Layout) []program {
	all := []program{{"containerd", "/usr/bin/containerd", []string{"--config", l.Path("files", "containerd.toml")}}}
	for name, arguments := range map[string][]string{
		"etcd":                    etcd(l),
		"kube-apiserver":          apiServer(l),
		"kube-controller-manager": controllerManager(l),
		"kube-scheduler":          scheduler(l),
		"kubelet":                 kubelet(l),
		"kube-proxy":              {"--config=" + l.Path("files", "proxy.yaml")},
		"volumes":                 {"--kubeconfig=" + l.Key("admin.kubeconfig"), "--root=" + l.Path("volumes"), "--node=" + nodeName},
		"policy":                  {"--kubeconfig=" + l.Key("admin.kubeconfig"), "--pods=" + podRange},
	} {
		all = append(all, program{name, l.Program(name), arguments})
	}
	return all
}

func etcd(l Layout) []string {
	return []string{
		"--name=" + nodeName, "--data-dir=" + l.Path("etcd"),
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=" + nodeName + "=http://127.0.0.1:2380",
		"--unsafe-no-fsync", // the machine may lose power; the test is lost then anyway
	}
}

func apiServer(l Layout) []string {
	return []string{
		"--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0", "--secure-port=6443", "--advertise-address=" + nodeAddress,
		"--service-cluster-ip-range=" + serviceRange, "--allow-privileged=true",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--client-ca-file=" + l.Key("ca.crt"), "--tls-cert-file=" + l.Key("apiserver.crt"), "--tls-private-key-file=" + l.Key("apiserver.key"),
		"--kubelet-client-certificate=" + l.Key("apiserver-kubelet.crt"), "--kubelet-client-key=" + l.Key("apiserver-kubelet.key"),
		"--kubelet-certificate-authority=" + l.Key("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-signing-key-file=" + l.Key("accounts.key"), "--service-account-key-file=" + l.Key("accounts.pub"),
		"--requestheader-client-ca-file=" + l.Key("front-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + l.Key("front-proxy.crt"), "--proxy-client-key-file=" + l.Key("front-proxy.key"),
		"--enable-aggregator-routing=true", "--profiling=false",
	}
}

func controllerManager(l Layout) []string {
	return append(asOnly(l, "controller-manager"),
		"--service-cluster-ip-range="+serviceRange, "--cluster-cidr="+podRange, "--allocate-node-cidrs=false",
		"--root-ca-file="+l.Key("ca.crt"), "--service-account-private-key-file="+l.Key("accounts.key"), "--use-service-account-credentials=true",
		"--cluster-signing-cert-file="+l.Key("ca.crt"), "--cluster-signing-key-file="+l.Key("ca.key"))
}

func scheduler(l Layout) []string { return asOnly(l, "scheduler") }

// asOnly are the arguments of a program of which there is one, and which shall not hold up a test by its modesty.
func asOnly(l Layout, name string) []string {
	kubeconfig := l.Key(name + ".kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1", "--leader-elect=false", "--kube-api-qps=300", "--kube-api-burst=600", "--profiling=false",
	}
}

func kubelet(l Layout) []string {
	return []string{
		"--config=" + l.Path("files", "kubelet.yaml"), "--kubeconfig=" + l.Key("kubelet.kubeconfig"), "--root-dir=" + l.Path("kubelet"),
		"--hostname-override=" + nodeName, "--node-ip=" + nodeAddress,
	}
}
