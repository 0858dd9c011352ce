# A bridge to Python's websockets (../bridge.ts says what it is told and tells).
import asyncio
import json
import sys

import websockets


def tell(told):
    print(json.dumps(told), flush=True)


async def listen(connection):
    try:
        async for message in connection:
            tell({"message": message})
    except websockets.ConnectionClosed:
        pass
    tell({"closed": connection.close_code})


async def connect(url):
    try:
        connection = await websockets.connect(url)
    except Exception as error:  # its class and fields differ from version to version
        response = getattr(error, "response", error)
        tell({"refused": getattr(response, "status_code", None)})
        return None
    tell({"opened": True})
    return connection


async def main():
    loop = asyncio.get_running_loop()
    connection, listening = None, None
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if "open" in command:
            connection = await connect(command["open"])
            listening = connection and loop.create_task(listen(connection))
        elif "send" in command:
            await connection.send(command["send"])
        elif "close" in command:
            await connection.close(1000)
            await listening
        elif "cut" in command:
            connection.transport.abort()


asyncio.run(main())
