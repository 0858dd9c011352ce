// The Go hub of the comparison: gorilla/websocket as its chat example does it, a goroutine to read and one to write per connection.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan *websocket.PreparedMessage
	pong chan []byte
}

var (
	lock     sync.RWMutex
	rooms    = map[string]map[*client]bool{}
	everyone = map[*client]bool{}
	upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
)

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	room := r.URL.Query().Get("room")
	c := &client{conn, make(chan *websocket.PreparedMessage, 256), make(chan []byte, 16)}
	lock.Lock()
	if rooms[room] == nil {
		rooms[room] = map[*client]bool{}
	}
	rooms[room][c] = true
	everyone[c] = true
	lock.Unlock()
	go c.write()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			break
		}
		var frame struct{ Type string }
		if json.Unmarshal(data, &frame) == nil && frame.Type == "ping" {
			answer, _ := json.Marshal(map[string]any{"type": "pong", "content": nil, "timestamp": time.Now().UnixMilli()})
			c.pong <- answer
		}
	}
	lock.Lock()
	delete(rooms[room], c)
	delete(everyone, c)
	lock.Unlock()
	close(c.pong)
}

func (c *client) write() {
	defer c.conn.Close()
	for {
		select {
		case message := <-c.send:
			if c.conn.WritePreparedMessage(message) != nil {
				return
			}
		case answer, open := <-c.pong:
			if !open || c.conn.WriteMessage(websocket.TextMessage, answer) != nil {
				return
			}
		}
	}
}

func broadcast(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Room    *string
		Event   string
		Payload map[string]any
		Times   int
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(400)
		return
	}
	body.Payload["type"] = body.Event
	data, _ := json.Marshal(body.Payload)
	lock.RLock()
	defer lock.RUnlock()
	to := everyone
	if body.Room != nil {
		to = rooms[*body.Room]
	}
	for index := 0; index < max(1, body.Times); index++ {
		message, _ := websocket.NewPreparedMessage(websocket.TextMessage, data)
		for c := range to {
			select {
			case c.send <- message:
			default:
			}
		}
	}
	w.WriteHeader(202)
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/broadcast", broadcast)
	http.HandleFunc("/", serve)
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, nil))
}
