# SPDX-License-Identifier: BSD-2-Clause
# loop.py SWITCH - event loops of Python on netmap descriptors: asyncio and selectors beside a pipe and a timer, a child that is started
# with all else closed, the device as a file object. Prints "well" if all of it went as it should.
import asyncio
import os
import select
import selectors
import subprocess
import sys

from raw_app import NIOCTXSYNC, Port, fcntl

FRAMES = 3000


async def echo(a, b):
    """Frames go from a to b one by one, each answered; a timer and a pipe are served meanwhile."""
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
    counts = {"there": 0, "back": 0, "ticks": 0, "bytes": 0}
    out, into = os.pipe()

    def send(port):
        if not port.tx.put(60, 1):
            raise RuntimeError("no room for one frame")
        port.txsync()

    def at_b():
        b.rxsync()
        for _ in range(b.rx.take(False)):
            counts["there"] += 1
            send(b)

    def at_a():
        a.rxsync()
        for _ in range(a.rx.take(False)):
            counts["back"] += 1
            if counts["back"] == FRAMES:
                done.set_result(None)
            elif counts["back"] < FRAMES:
                send(a)

    def tick():
        counts["ticks"] += 1
        os.write(into, b"x")
        loop.call_later(0.001, tick)

    loop.add_reader(b.fd, at_b)
    loop.add_reader(a.fd, at_a)
    loop.add_reader(out, lambda: counts.update(bytes=counts["bytes"] + len(os.read(out, 100))))
    loop.call_soon(tick)
    send(a)
    await asyncio.wait_for(done, 60)
    while counts["bytes"] < counts["ticks"] and counts["ticks"] < 3:
        await asyncio.sleep(0.001)
    for fd in a.fd, b.fd, out:
        loop.remove_reader(fd)
    assert counts["there"] == FRAMES and counts["back"] == FRAMES and counts["bytes"] > 0, counts


def wait(kind, a, b):
    """One frame, waited for by a selector of this kind; there is room to send at any time."""
    with kind() as s:
        s.register(b.fd, selectors.EVENT_READ, "b")
        s.register(a.fd, selectors.EVENT_WRITE, "a")
        got = {key.data for key, _ in s.select(20)}
        assert got == {"a"}, (kind, got)
        s.unregister(a.fd)
        assert s.select(0.02) == [], kind
        a.tx.put(60, 2)
        a.txsync()
        got = [(key.data, events) for key, events in s.select(20)]
        assert got == [("b", selectors.EVENT_READ)], (kind, got)
        assert b.rx.take(False) == 1


def main():
    a, b = Port(sys.argv[1] + ":la"), Port(sys.argv[1] + ":lb")
    asyncio.run(echo(a, b))
    for kind in selectors.PollSelector, selectors.EpollSelector, selectors.SelectSelector:
        wait(kind, a, b)
    # Python closes all that it knows of before it runs a child, by numbers
    said = subprocess.run(["sh", "-c", "echo said"], close_fds=True, capture_output=True, check=True).stdout
    assert said == b"said\n", said
    os.closerange(max(a.fd, b.fd) + 1, 1024)
    a.tx.put(60, 3)
    a.txsync()
    assert len(b.poll(select.POLLIN, 20000)) == 1 and b.rx.take(False) == 1
    with open("/dev/netmap", "r+b", buffering=0) as f:
        try:
            fcntl.ioctl(f, NIOCTXSYNC)
            raise RuntimeError("a sync without a port")
        except OSError as e:
            assert e.errno == 6, e  # ENXIO
    a.close()
    b.close()
    print("well")


main()
