// Emits to Classwire's clients through Redis, with Go's standard library only: the Socket.IO Redis emitter protocol is a
// PUBLISH of MessagePack, and this file writes as much of both as that needs.
//
// Usage: REDIS_URL=redis://127.0.0.1:6379 go run emit.go <namespace> <room> <event> <payload as JSON>
//
//	go run emit.go /channels user:123 system '{"message":"Hello from Go","level":"info","code":0}'
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 5 {
		fail("usage: go run emit.go <namespace> <room> <event> <payload as JSON>")
	}
	namespace, room, event := os.Args[1], os.Args[2], os.Args[3]
	var payload any
	if err := json.Unmarshal([]byte(os.Args[4]), &payload); err != nil {
		fail("the payload is not JSON: %v", err)
	}
	address := os.Getenv("REDIS_URL")
	if address == "" {
		address = "redis://127.0.0.1:6379"
	}
	redis, err := dial(address)
	if err != nil {
		fail("Redis: %v", err)
	}
	defer redis.connection.Close()
	nodes, err := emit(redis, namespace, room, event, payload)
	if err != nil {
		fail("Redis: %v", err)
	}
	fmt.Printf("%s went to %d node(s)\n", event, nodes)
}

// emit publishes one event to one room of one namespace and returns how many nodes heard it.
// The message is [sender, packet, options]; the packet's type 2 is EVENT. An empty room is the whole namespace.
func emit(redis *client, namespace, room, event string, payload any) (int, error) {
	rooms, channel := []any{}, "socket.io#"+namespace+"#"
	if room != "" {
		rooms, channel = []any{room}, channel+room+"#"
	}
	packet := map[string]any{"type": 2, "data": []any{event, payload}, "nsp": namespace}
	options := map[string]any{"rooms": rooms, "except": []any{}, "flags": map[string]any{}}
	var message bytes.Buffer
	pack(&message, []any{"emitter", packet, options})
	return redis.command("PUBLISH", channel, message.String())
}

// ---- MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), for what JSON can say

func pack(out *bytes.Buffer, value any) {
	switch value := value.(type) {
	case nil:
		out.WriteByte(0xc0)
	case bool:
		if value {
			out.WriteByte(0xc3)
		} else {
			out.WriteByte(0xc2)
		}
	case int:
		packInt(out, int64(value))
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			packInt(out, int64(value))
			return
		}
		out.WriteByte(0xcb)
		write(out, math.Float64bits(value))
	case string:
		packHead(out, len(value), 0xa0, 31, 0xd9, 0xda, 0xdb)
		out.WriteString(value)
	case []any:
		packHead(out, len(value), 0x90, 15, 0, 0xdc, 0xdd)
		for _, item := range value {
			pack(out, item)
		}
	case map[string]any:
		packHead(out, len(value), 0x80, 15, 0, 0xde, 0xdf)
		for key, item := range value {
			pack(out, key)
			pack(out, item)
		}
	}
}

func packInt(out *bytes.Buffer, value int64) {
	if value >= -32 && value <= 127 {
		out.WriteByte(byte(value)) // fixint: one byte, positive or negative
		return
	}
	out.WriteByte(0xd3)
	write(out, value)
}

// packHead writes a type with its length: in one byte up to `most`, else behind a byte for 8, 16 or 32 bits of length.
// `eight` is 0 for the types that have no such form.
func packHead(out *bytes.Buffer, length int, short byte, most int, eight, sixteen, thirtyTwo byte) {
	switch {
	case length <= most:
		out.WriteByte(short | byte(length))
	case eight != 0 && length <= math.MaxUint8:
		out.Write([]byte{eight, byte(length)})
	case length <= math.MaxUint16:
		out.WriteByte(sixteen)
		write(out, uint16(length))
	default:
		out.WriteByte(thirtyTwo)
		write(out, uint32(length))
	}
}

func write(out *bytes.Buffer, value any) {
	_ = binary.Write(out, binary.BigEndian, value) // a bytes.Buffer takes everything
}

// ---- RESP (https://redis.io/docs/latest/develop/reference/protocol-spec/), for commands with integer or simple answers

type client struct {
	connection net.Conn
	reader     *bufio.Reader
}

func dial(address string) (*client, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	host := parsed.Host
	if parsed.Port() == "" {
		host = net.JoinHostPort(parsed.Hostname(), "6379")
	}
	connection, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return nil, err
	}
	redis := &client{connection, bufio.NewReader(connection)}
	if password, given := parsed.User.Password(); given {
		words := []string{"AUTH", password}
		if name := parsed.User.Username(); name != "" {
			words = []string{"AUTH", name, password}
		}
		if _, err := redis.command(words...); err != nil {
			return nil, err
		}
	}
	return redis, nil
}

// command sends an array of bulk strings and reads a one-line answer: +text, :number or -error.
func (redis *client) command(words ...string) (int, error) {
	var request strings.Builder
	fmt.Fprintf(&request, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
	}
	if err := redis.connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := redis.connection.Write([]byte(request.String())); err != nil {
		return 0, err
	}
	line, err := redis.reader.ReadString('\n')
	if err != nil {
		return 0, err
	}
	switch answer := strings.TrimRight(line, "\r\n"); answer[:1] {
	case ":":
		return strconv.Atoi(answer[1:])
	case "-":
		return 0, fmt.Errorf("%s", answer[1:])
	default:
		return 0, nil
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
