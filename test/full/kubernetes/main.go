// A Kubernetes API server with its store and EKS's authenticator, in one process on loopback, for the proofs of `test:full`.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"go.etcd.io/etcd/server/v3/embed"
	authentication "k8s.io/api/authentication/v1"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"
)

type settings struct {
	EtcdDir     string
	EtcdURL     string
	EtcdPeerURL string
	// Where the authenticator listens, and what answers for STS.
	WebhookAddress string
	StsURL         string
	Cluster        string
	Region         string
	// User names by the ARN of their role, as access entries have them.
	Entries map[string]string
	// Flags of kube-apiserver.
	Flags []string
}

func main() {
	var s settings
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		log.Fatal(err)
	}
	startEtcd(s)
	http.DefaultTransport = stsAt{s.StsURL, http.DefaultTransport}
	go func() { log.Fatal(http.ListenAndServe(s.WebhookAddress, authenticator(s))) }()
	command := app.NewAPIServerCommand()
	command.SetArgs(s.Flags)
	os.Exit(cli.Run(command))
}

func startEtcd(s settings) {
	config := embed.NewConfig()
	config.Dir = s.EtcdDir
	config.LogLevel = "error"
	client, peer := address(s.EtcdURL), address(s.EtcdPeerURL)
	config.ListenClientUrls, config.AdvertiseClientUrls = client, client
	config.ListenPeerUrls, config.AdvertisePeerUrls = peer, peer
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.UnsafeNoFsync = true
	server, err := embed.StartEtcd(config)
	if err != nil {
		log.Fatal(err)
	}
	<-server.Server.ReadyNotify()
}

func address(text string) []url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	return []url.URL{*parsed}
}

// The verifier asks the regional endpoint of STS. Here that name leads to this machine; everything else is as it is there.
type stsAt struct {
	url    string
	others http.RoundTripper
}

func (s stsAt) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(request.URL.Host, "sts.") {
		return s.others.RoundTrip(request)
	}
	local := request.Clone(request.Context())
	base := address(s.url)[0]
	local.Host = request.URL.Host
	local.URL.Scheme, local.URL.Host = base.Scheme, base.Host
	return s.others.RoundTrip(local)
}

// The webhook of a cluster, with the verifier that EKS is made from.
func authenticator(s settings) http.Handler {
	verifier := token.NewVerifier(s.Cluster, "aws", s.Region)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review authentication.TokenReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, "not a token review", http.StatusBadRequest)
			return
		}
		review.Status = statusOf(s, verifier, review.Spec.Token)
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	})
}

func statusOf(s settings, verifier token.Verifier, given string) (status authentication.TokenReviewStatus) {
	identity, err := verifier.Verify(given)
	if err != nil {
		status.Error = err.Error()
		return
	}
	name, known := s.Entries[identity.CanonicalARN]
	if !known {
		status.Error = "no access entry"
		return
	}
	session := strings.ReplaceAll(identity.SessionName, "@", "-")
	status.Authenticated = true
	status.User.Username = strings.ReplaceAll(name, "{{SessionName}}", session)
	return
}
