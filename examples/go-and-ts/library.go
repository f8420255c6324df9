package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// book is what the library lends. TypeScript sees it as JSON; types/go.d.ts
// has the same in its words.
type book struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
	Year   int    `json:"year,omitempty"`
}

// library keeps books in memory. It is safe for concurrent use: Go handlers
// and the functions that scripts call run at the same time.
type library struct {
	mu    sync.RWMutex
	books []book
	last  int
}

func newLibrary() *library {
	l := &library{}
	for _, b := range []book{
		{Title: "The Left Hand of Darkness", Author: "Ursula K. Le Guin", Year: 1969},
		{Title: "The Dispossessed", Author: "Ursula K. Le Guin", Year: 1974},
		{Title: "Invisible Cities", Author: "Italo Calvino", Year: 1972},
	} {
		l.insert(b)
	}
	return l
}

func (l *library) insert(b book) book {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	b.ID = l.last
	l.books = append(l.books, b)
	return b
}

func (l *library) lookup(id string) (book, bool) {
	n, err := strconv.Atoi(id)
	if err != nil {
		return book{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	i := slices.IndexFunc(l.books, func(b book) bool { return b.ID == n })
	if i < 0 {
		return book{}, false
	}
	return l.books[i], true
}

// What follows is exposed to TypeScript.

// find returns a book by its id; a script gets the error as a rejection.
func (l *library) find(_ context.Context, id string) (book, error) {
	b, ok := l.lookup(id)
	if !ok {
		return book{}, fmt.Errorf("there is no book %s", id)
	}
	return b, nil
}

// byAuthor returns the books whose author's name has a text in it; none is
// an empty list.
func (l *library) byAuthor(_ context.Context, in struct{ Name string }) ([]book, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	found := []book{}
	for _, b := range l.books {
		if strings.Contains(strings.ToLower(b.Author), strings.ToLower(in.Name)) {
			found = append(found, b)
		}
	}
	return found, nil
}

// What follows are ordinary net/http handlers.

func (l *library) list(w http.ResponseWriter, r *http.Request) {
	l.mu.RLock()
	books := slices.Clone(l.books)
	l.mu.RUnlock()
	reply(w, http.StatusOK, books)
}

func (l *library) add(w http.ResponseWriter, r *http.Request) {
	var b book
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if b.Title == "" || b.Author == "" {
		reply(w, http.StatusUnprocessableEntity, map[string]string{"error": "a book has a title and an author"})
		return
	}
	b = l.insert(b)
	w.Header().Set("Location", fmt.Sprintf("/api/books/%d", b.ID))
	reply(w, http.StatusCreated, b)
}

func (l *library) get(w http.ResponseWriter, r *http.Request) {
	b, ok := l.lookup(r.PathValue("id"))
	if !ok {
		reply(w, http.StatusNotFound, map[string]string{"error": "there is no such book"})
		return
	}
	reply(w, http.StatusOK, b)
}

func (l *library) remove(w http.ResponseWriter, r *http.Request) {
	b, ok := l.lookup(r.PathValue("id"))
	if !ok {
		reply(w, http.StatusNotFound, map[string]string{"error": "there is no such book"})
		return
	}
	l.mu.Lock()
	l.books = slices.DeleteFunc(l.books, func(x book) bool { return x.ID == b.ID })
	l.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nobody to tell
}

// signed is middleware around all routes, TypeScript's too.
func signed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Served-By", "the library")
		next.ServeHTTP(w, r)
	})
}
