package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// identity is a certificate and its key.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// programKeys are the certificates that the cluster's authority signs: file name -> subject, names and addresses.
var programKeys = map[string]x509.Certificate{
	"apiserver": {
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP(apiService), net.ParseIP(nodeAddress)},
	},
	"kubelet": {
		Subject:     pkix.Name{CommonName: "system:node:" + nodeName, Organization: []string{"system:nodes"}},
		DNSNames:    []string{nodeName},
		IPAddresses: []net.IP{net.ParseIP(nodeAddress)},
	},
	"apiserver-kubelet":  {Subject: pkix.Name{CommonName: "kube-apiserver-kubelet-client", Organization: []string{"system:masters"}}},
	"admin":              {Subject: pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}},
	"controller-manager": {Subject: pkix.Name{CommonName: "system:kube-controller-manager"}},
	"scheduler":          {Subject: pkix.Name{CommonName: "system:kube-scheduler"}},
	"proxy":              {Subject: pkix.Name{CommonName: "system:kube-proxy"}},
}

// kubeconfigs are the programs that reach the API server from inside the node.
var kubeconfigs = []string{"admin", "controller-manager", "scheduler", "proxy", "kubelet"}

// makeKeys writes the authorities, the certificates, the key of service accounts, and the kubeconfigs.
func makeKeys(l Layout) error {
	authority, err := sign(l, "ca", x509.Certificate{Subject: pkix.Name{CommonName: "nearside test cluster"}, IsCA: true}, nil)
	if err != nil {
		return err
	}
	for name, template := range programKeys {
		if _, err := sign(l, name, template, authority); err != nil {
			return err
		}
	}
	front, err := sign(l, "front-ca", x509.Certificate{Subject: pkix.Name{CommonName: "nearside front proxy"}, IsCA: true}, nil)
	if err != nil {
		return err
	}
	if _, err := sign(l, "front-proxy", x509.Certificate{Subject: pkix.Name{CommonName: "front-proxy-client"}}, front); err != nil {
		return err
	}
	if err := makeServiceAccountKey(l); err != nil {
		return err
	}
	for _, name := range kubeconfigs {
		if err := writeKubeconfig(l, name, "https://127.0.0.1:6443", l.Key(name+".kubeconfig")); err != nil {
			return err
		}
	}
	return writeKubeconfig(l, "admin", "https://"+nodeAddress+":6443", l.Kubeconfig())
}

// sign makes a key and its certificate, signed by the authority, or by itself when there is none.
func sign(l Layout, name string, template x509.Certificate, authority *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	if template.IsCA {
		template.KeyUsage |= x509.KeyUsageCertSign
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	}
	signer := authority
	if signer == nil {
		signer = &identity{&template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		return nil, fmt.Errorf("failed to sign %s: %w", name, err)
	}
	if err := writePEM(l.Key(name+".crt"), "CERTIFICATE", der); err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &identity{certificate, key}, writeKey(l.Key(name+".key"), key)
}

func makeServiceAccountKey(l Layout) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := writePEM(l.Key("accounts.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(l.Key("accounts.key"), key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// writeKubeconfig lets whoever holds the named key reach the API server. It holds the keys themselves, so it can be moved.
func writeKubeconfig(l Layout, name, server, path string) error {
	var contents [3][]byte
	for i, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		var err error
		if contents[i], err = os.ReadFile(l.Key(file)); err != nil {
			return err
		}
	}
	config := api.NewConfig()
	config.Clusters["nearside"] = &api.Cluster{Server: server, CertificateAuthorityData: contents[0]}
	config.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: contents[1], ClientKeyData: contents[2]}
	config.Contexts["nearside"] = &api.Context{Cluster: "nearside", AuthInfo: name}
	config.CurrentContext = "nearside"
	return clientcmd.WriteToFile(*config, path)
}
