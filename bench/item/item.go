// Package item has the Go handler that the Go-route row measures: the same
// function on a bare http.ServeMux and on a portico App.
package item

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Get answers with a small JSON that names the path value "id".
func Get(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	body, err := json.Marshal(struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}{id, "Item " + id})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone
}
