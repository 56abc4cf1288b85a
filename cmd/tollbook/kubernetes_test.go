package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/tollbook/tollbook/fixtures/ops"
	"github.com/tollbook/tollbook/schemas/settings"
)

// manifest is a Kubernetes object with the fields that the manifests use. Any other field is an error.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   kubeMeta
	Spec       struct {
		Replicas    int
		ServiceName string `yaml:"serviceName"`
		ClusterIP   string `yaml:"clusterIP"`
		Selector    map[string]any
		Template    struct {
			Metadata kubeMeta
			Spec     kubePod
		}
		VolumeClaimTemplates []struct {
			Metadata kubeMeta
			Spec     struct {
				AccessModes []string `yaml:"accessModes"`
				Resources   kubeResources
			}
		} `yaml:"volumeClaimTemplates"`
		Ports []struct {
			Name       string
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}
	Type       string
	Data       map[string]string
	StringData map[string]string `yaml:"stringData"`
}

type kubeMeta struct {
	Name                string
	Labels, Annotations map[string]string
}

type kubeResources struct{ Requests, Limits map[string]string }

type kubePod struct {
	SecurityContext struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
		RunAsGroup   int  `yaml:"runAsGroup"`
		FSGroup      int  `yaml:"fsGroup"`
	} `yaml:"securityContext"`
	Grace      int `yaml:"terminationGracePeriodSeconds"`
	Containers []struct {
		Name, Image string
		Args        []string
		EnvFrom     []struct {
			SecretRef struct{ Name string } `yaml:"secretRef"`
		} `yaml:"envFrom"`
		Ports []struct {
			Name string
			Port int `yaml:"containerPort"`
		}
		Liveness        kubeProbe `yaml:"livenessProbe"`
		Readiness       kubeProbe `yaml:"readinessProbe"`
		Resources       kubeResources
		SecurityContext struct {
			Escalation   *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			SubPath   string `yaml:"subPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	Volumes []struct {
		Name      string
		EmptyDir  *struct{}              `yaml:"emptyDir"`
		ConfigMap *struct{ Name string } `yaml:"configMap"`
		Secret    *struct {
			Name string `yaml:"secretName"`
		}
	}
}

type kubeProbe struct {
	HTTP struct{ Path, Port string } `yaml:"httpGet"`
}

// kubernetes returns the manifests by kind and name.
func kubernetes(t *testing.T) map[string]*manifest {
	t.Helper()
	all := make(map[string]*manifest)
	names, err := fs.Glob(ops.Files, "kubernetes/*.yaml")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if path.Base(name) == "kustomization.yaml" {
			continue
		}
		dec := yaml.NewDecoder(bytes.NewReader(opsFile(t, name)))
		dec.KnownFields(true)
		for {
			m := new(manifest)
			err := dec.Decode(m)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || m.APIVersion == "" || m.Kind == "" || m.Metadata.Name == "" {
				t.Fatalf("%s: without apiVersion, kind or name, or not readable: %v", name, err)
			}
			all[m.Kind+"/"+m.Metadata.Name] = m
		}
	}
	return all
}

// TestKubernetes tests OPS-1 and OPS-2: the program accepts the manifests, and everything that they refer to exists.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	all := kubernetes(t)
	s, err := settings.Parse("settings.yaml", []byte(all["ConfigMap/tollbook-settings"].Data["tollbook.yaml"]))
	if err != nil {
		t.Fatal(err)
	}
	if s.Engine.Temporal == "" || !settings.InObjectStore(s.Lake.Path) {
		t.Errorf("settings have engine %+v and the lake in %s", s.Engine, s.Lake.Path)
	}
	if keys := all["Secret/tollbook-keys"].StringData["keys.json"]; !json.Valid([]byte(keys)) {
		t.Errorf("keys.json: %s", keys)
	}
	pods := 0
	for name, m := range all {
		if m.Kind == "Deployment" || m.Kind == "StatefulSet" {
			pods++
			checkPod(t, name, m, all)
		}
		if m.Kind == "Service" {
			app, _ := m.Spec.Selector["app"].(string)
			if all["Deployment/"+app] == nil && all["StatefulSet/"+app] == nil || len(m.Spec.Ports) == 0 {
				t.Errorf("%s: selects %q", name, app)
			}
		}
	}
	if pods != 3 || all["StatefulSet/tollbook-schedule"].Spec.Replicas != 1 {
		t.Errorf("%d kinds of Pods, want workers, the query API and one scheduler", pods)
	}
	var k struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Namespace  string
		Resources  []string
		Images     []map[string]string
	}
	dec := yaml.NewDecoder(bytes.NewReader(opsFile(t, "kubernetes/kustomization.yaml")))
	dec.KnownFields(true)
	if err := dec.Decode(&k); err != nil || k.Kind != "Kustomization" || all["Namespace/"+k.Namespace] == nil {
		t.Errorf("%+v: %v", k, err)
	}
	names, _ := fs.Glob(ops.Files, "kubernetes/*.yaml")
	for _, r := range append(k.Resources, "kustomization.yaml") {
		names = slices.DeleteFunc(names, func(name string) bool { return path.Base(name) == r })
	}
	if len(names) > 0 || len(k.Resources) != 6 {
		t.Errorf("kustomization.yaml has %v; %v are in the folder and not there", k.Resources, names)
	}
}

// checkPod checks the Pods of a manifest against the program and the other manifests.
func checkPod(t *testing.T, name string, m *manifest, all map[string]*manifest) {
	t.Helper()
	labels, _ := m.Spec.Selector["matchLabels"].(map[string]any)
	if labels["app"] != m.Spec.Template.Metadata.Labels["app"] || labels["app"] == nil {
		t.Errorf("%s: selects %v, its Pods have %v", name, labels, m.Spec.Template.Metadata.Labels)
	}
	pod := m.Spec.Template.Spec
	if !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.FSGroup == 0 || len(pod.Containers) != 1 {
		t.Errorf("%s: runs as root, or has not one container", name)
	}
	volumes := make(map[string]bool)
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		if v.ConfigMap != nil && all["ConfigMap/"+v.ConfigMap.Name] == nil ||
			v.Secret != nil && all["Secret/"+v.Secret.Name] == nil {
			t.Errorf("%s: volume %s is of what does not exist", name, v.Name)
		}
	}
	for _, v := range m.Spec.VolumeClaimTemplates {
		volumes[v.Metadata.Name] = true
	}
	c := pod.Containers[0]
	checkCommand(t, name, strings.Join(append([]string{"tollbook"}, c.Args...), " "))
	for _, v := range c.VolumeMounts {
		if !volumes[v.Name] {
			t.Errorf("%s: there is no volume %s", name, v.Name)
		}
	}
	for _, e := range c.EnvFrom {
		if all["Secret/"+e.SecretRef.Name] == nil {
			t.Errorf("%s: there is no Secret %s", name, e.SecretRef.Name)
		}
	}
	if c.Image != "tollbook" || c.Resources.Limits["memory"] == "" || !c.SecurityContext.ReadOnly ||
		c.SecurityContext.Escalation == nil || *c.SecurityContext.Escalation {
		t.Errorf("%s: another image, no limit of memory, or more rights than it needs", name)
	}
	for _, probe := range []kubeProbe{c.Liveness, c.Readiness} {
		if probe.HTTP.Port != "" && (len(c.Ports) != 1 || c.Ports[0].Name != probe.HTTP.Port) {
			t.Errorf("%s: probe of port %s, it has %v", name, probe.HTTP.Port, c.Ports)
		}
	}
	if c.Liveness.HTTP.Path != "/healthz" {
		t.Errorf("%s: is alive if %q answers", name, c.Liveness.HTTP.Path)
	}
}
