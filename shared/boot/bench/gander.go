package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A gander is the service with a member's token.
type gander struct {
	*child
	member login
	token  string // the member's
}

// A login is a token, and whom it stands for.
type login struct{ token, user, project string }

// serve starts the service on a data folder.
func serve(ctx context.Context, binary, data string) (*child, error) {
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(os.Environ(), "GANDER_DATA="+data, "GANDER_LISTEN=127.0.0.1:0", "GANDER_LOG_FORMAT=json", "GANDER_RETENTION=0s")
	return startChild(ctx, cmd)
}

func startGander(ctx context.Context, binary, data string) (*gander, error) {
	c, err := serve(ctx, binary, data)
	if err != nil {
		return nil, err
	}
	g := &gander{child: c}
	if g.member, err = logIn(ctx, data, "gander"); err != nil {
		c.stop()
		return nil, fmt.Errorf("logging in: %w", err)
	}
	g.token = g.member.token
	return g, nil
}

// An account is what clouds.yaml says of one cloud.
type account struct {
	URL      string `yaml:"auth_url"`
	Username string `yaml:"username"`
	Password string `yaml:"password"`
	Project  string `yaml:"project_name"`
}

// logIn gets a token for a cloud of the data folder's clouds.yaml.
func logIn(ctx context.Context, data, cloud string) (login, error) {
	text, err := os.ReadFile(filepath.Join(data, "clouds.yaml"))
	if err != nil {
		return login{}, err
	}
	var file struct {
		Clouds map[string]struct{ Auth account }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return login{}, err
	}
	return file.Clouds[cloud].Auth.logIn(ctx)
}

func (a account) logIn(ctx context.Context) (login, error) {
	domain := map[string]string{"id": "default"}
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
			"user": map[string]any{"name": a.Username, "password": a.Password, "domain": domain},
		}},
		"scope": map[string]any{"project": map[string]any{"name": a.Project, "domain": domain}},
	}})
	if err != nil {
		return login{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		return login{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return login{}, err
	}
	defer response.Body.Close()
	var answer struct {
		Token struct{ User, Project struct{ ID string } }
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	l := login{response.Header.Get("X-Subject-Token"), answer.Token.User.ID, answer.Token.Project.ID}
	if err != nil || l.token == "" {
		return login{}, fmt.Errorf("%s: %w", response.Status, err)
	}
	return l, nil
}
