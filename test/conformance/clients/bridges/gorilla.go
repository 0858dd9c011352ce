// A bridge to gorilla/websocket, with compression (../bridge.ts says what it is told and tells).
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type told = map[string]any

var lock sync.Mutex

func tell(what told) {
	lock.Lock()
	defer lock.Unlock()
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func open(url string) *websocket.Conn {
	dialer := websocket.Dialer{EnableCompression: true}
	connection, answer, err := dialer.Dial(url, nil)
	if err != nil {
		var status any
		if answer != nil {
			status = answer.StatusCode
		}
		tell(told{"refused": status})
		return nil
	}
	tell(told{"opened": true})
	go listen(connection)
	return connection
}

func listen(connection *websocket.Conn) {
	for {
		_, message, err := connection.ReadMessage()
		if err != nil {
			code := 1006
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				code = closed.Code
			}
			tell(told{"closed": code})
			return
		}
		tell(told{"message": string(message)})
	}
}

func main() {
	var connection *websocket.Conn
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var command map[string]any
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			panic(err)
		}
		if url, found := command["open"].(string); found {
			connection = open(url)
		} else if text, found := command["send"].(string); found {
			if err := connection.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				panic(err)
			}
		} else if command["close"] != nil {
			frame := websocket.FormatCloseMessage(1000, "")
			connection.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Second))
		} else if command["cut"] != nil {
			connection.UnderlyingConn().Close()
		}
	}
}
