// gorilla/websocket on the channels and gateway dialects: go run gorilla.go <url> <token> <user>.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

type frame = map[string]any

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func open(url string) *websocket.Conn {
	dialer := websocket.Dialer{EnableCompression: true, HandshakeTimeout: 20 * time.Second}
	connection, _, err := dialer.Dial(url, nil)
	must(err)
	connection.SetReadDeadline(time.Now().Add(30 * time.Second))
	return connection
}

func hear(connection *websocket.Conn, kind string) frame {
	for {
		var heard frame
		must(connection.ReadJSON(&heard))
		if heard["type"] == kind {
			return heard
		}
	}
}

func main() {
	url, token, user := strings.Replace(os.Args[1], "http", "ws", 1), os.Args[2], os.Args[3]
	_, answer, err := websocket.DefaultDialer.Dial(url+"/ws?token=wrong", nil)
	if err == nil || answer.StatusCode != 401 {
		panic("a wrong token was let in")
	}

	channels := open(url + "/?token=" + token)
	if hear(channels, "connected")["userId"] != user {
		panic("another user")
	}
	must(channels.WriteJSON(frame{"type": "subscribe", "channel": "notifications/" + user}))
	if hear(channels, "notifications")["data"].(frame)["title"] != "waiting" {
		panic("another notification")
	}
	must(channels.WriteJSON(frame{"type": "heartbeat"}))
	hear(channels, "heartbeat")
	must(channels.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second)))
	if _, _, err := channels.ReadMessage(); !websocket.IsCloseError(err, 1000) {
		panic(err)
	}

	gateway := open(url + "/ws?token=" + token)
	must(gateway.WriteJSON(frame{"type": "join_room", "content": "conformance"}))
	text := strings.Repeat("词法 ", 1000)
	must(gateway.WriteJSON(frame{"type": "room_message", "content": frame{"room": "conformance", "text": text}}))
	if hear(gateway, "room_message")["content"].(frame)["text"] != text {
		panic("another text")
	}
	must(gateway.WriteJSON(frame{"type": "ping", "content": nil, "timestamp": 0}))
	hear(gateway, "pong")
	gateway.Close()
	fmt.Println("ok")
}
