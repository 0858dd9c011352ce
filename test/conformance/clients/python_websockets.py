"""python websockets on the five raw endpoints: python3 python_websockets.py <url> <token> <user>."""
import asyncio
import json
import sys
import websockets

url, token, user = sys.argv[1:4]
ws = url.replace("http", "ws")


async def hear(connection, kind):
    while True:
        frame = json.loads(await asyncio.wait_for(connection.recv(), 20))
        if kind in (frame.get("type"), frame.get("event")):
            return frame


async def refused(path):
    try:
        async with websockets.connect(f"{ws}{path}"):
            pass
    except Exception as error:  # the name of the exception differs from version to version
        assert "401" in str(error), error
        return
    raise AssertionError(f"{path} was let in")


async def channels():
    async with websockets.connect(f"{ws}/?token={token}") as connection:
        assert (await hear(connection, "connected"))["userId"] == user
        await connection.send(json.dumps({"type": "subscribe", "channel": f"notifications/{user}"}))
        assert (await hear(connection, "notifications"))["data"]["title"] == "waiting"
        await connection.send(json.dumps({"type": "heartbeat"}))
        await hear(connection, "heartbeat")


async def gateway():
    async with websockets.connect(f"{ws}/ws?token={token}") as connection:
        await connection.send(json.dumps({"type": "join_room", "content": "conformance"}))
        await connection.send(json.dumps({"type": "room_message", "content": {"room": "conformance", "text": "词法"}}))
        assert (await hear(connection, "room_message"))["content"]["text"] == "词法"
        await connection.send(json.dumps({"type": "ping", "content": None, "timestamp": 0}))
        await hear(connection, "pong")


async def others():
    async with websockets.connect(f"{ws}/api/v1/ws/dashboard?token={token}") as connection:
        await hear(connection, "connection")
    async with websockets.connect(f"{ws}/api/ws/connect?token={token}") as connection:
        await connection.send(json.dumps({"type": "ping", "content": None}))
        await hear(connection, "ping")
    async with websockets.connect(f"{ws}/api/study-time?token={token}&userId={user}&courseId=go") as connection:
        await connection.send(json.dumps({"type": "heartbeat", "timestamp": 1}))
        assert (await hear(connection, "heartbeat_response"))["status"] == "success"


async def main():
    await refused("/ws?token=wrong")
    await channels()
    await gateway()
    await others()
    print("ok")


asyncio.run(main())
