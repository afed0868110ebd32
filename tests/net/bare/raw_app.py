# SPDX-License-Identifier: BSD-2-Clause
# raw_app.py SWITCH PIPE - what raw_app.c does, step by step, by Python's own modules and the numbers of the public structures: os.open,
# fcntl.ioctl, mmap, select.poll, select.select, select.epoll; ppoll by ctypes. Both print the same.
import ctypes
import errno
import fcntl
import mmap
import os
import select
import struct
import sys
import threading
import time

NIOCREGIF, NIOCTXSYNC, NIOCRXSYNC, NIOCCTRL = 0xC03C6992, 0x6994, 0x6995, 0xC0586997
API, REGISTER, ALL_NIC, MOREFRAG = 14, 1, 1, 0x20
SLOTS, LONG = 256, 20000
HEADER = struct.Struct("=HHI64sQQ")  # nmreq_header
REG = struct.Struct("=QQIIHHHHHHIIxxxxQ")  # nmreq_register
RING = struct.Struct("=qIIHHIIII")  # netmap_ring, to flags
SLOT = struct.Struct("=IHHQ")  # netmap_slot
LEGACY = struct.Struct("=16sIIIIIHHHHHHIII")  # nmreq


def result(call, *args):
    try:
        call(*args)
        return "0"
    except OSError as e:
        return errno.errorcode[e.errno] if e.errno != errno.EOPNOTSUPP else "EOPNOTSUPP"


def say(text="", end="\n"):
    sys.stdout.write(text + end)


def request(fd, version, kind, name, body):
    address = ctypes.addressof(body) if body is not None else 0
    fcntl.ioctl(fd, NIOCCTRL, bytearray(HEADER.pack(version, kind, 0, name.encode(), 0, address)))


def register_body(slots):
    body = ctypes.create_string_buffer(REG.size)
    REG.pack_into(body, 0, 0, 0, slots, slots, 0, 0, 0, 0, 0, 0, ALL_NIC, 0, 0)
    return body


class Ring:
    def __init__(self, mem, at):
        self.mem, self.at = mem, at
        self.buf_ofs, self.slots, self.buf_size, _, self.dir, _, _, _, _ = RING.unpack_from(mem, at)

    def word(self, ofs):
        return struct.unpack_from("=I", self.mem, self.at + ofs)[0]

    head = property(lambda self: self.word(20))
    cur = property(lambda self: self.word(24))
    tail = property(lambda self: self.word(28))

    def advance(self, head):
        struct.pack_into("=II", self.mem, self.at + 20, head, head)

    def slot_at(self, i):
        return self.at + 256 + 16 * i

    def buffer(self, i):
        return self.at + self.buf_ofs + SLOT.unpack_from(self.mem, self.slot_at(i))[0] * self.buf_size

    def put(self, length, mark, flags=0):
        head = self.head
        if head == self.tail:
            return False
        at = self.buffer(head)
        self.mem[at:at + length] = b"\xff" * 6 + b"\x02" * 6 + bytes([mark]) * (length - 12)
        struct.pack_into("=HH", self.mem, self.slot_at(head) + 4, length, flags)
        self.advance((head + 1) % self.slots)
        return True

    def take(self, show):
        n = 0
        while self.head != self.tail:
            head = self.head
            _, length, flags, _ = SLOT.unpack_from(self.mem, self.slot_at(head))
            if show:
                at = self.buffer(head)
                say("  %u bytes, sum %u, more %d" % (length, sum(self.mem[at:at + length]), flags & MOREFRAG != 0))
            self.advance((head + 1) % self.slots)
            n += 1
        return n


class Port:
    def __init__(self, name):
        self.fd = os.open("/dev/netmap", os.O_RDWR | os.O_CLOEXEC)
        body = register_body(SLOTS)
        request(self.fd, API, REGISTER, name, body)
        reg = REG.unpack_from(body, 0)
        self.nifp, self.size, self.tx_slots, self.rx_slots, self.mem_id = reg[0], reg[1], reg[2], reg[3], reg[8]
        self.mem = mmap.mmap(self.fd, self.size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self.tx_rings, self.rx_rings, _, host_tx = struct.unpack_from("=IIII", self.mem, self.nifp + 24)
        self.tx, self.rx = self.ring(0), self.ring(self.tx_rings + host_tx)

    def ring(self, i):
        return Ring(self.mem, self.nifp + struct.unpack_from("=q", self.mem, self.nifp + 56 + 8 * i)[0])

    def name(self):
        return self.mem[self.nifp:self.nifp + 16].rstrip(b"\0").decode()

    def txsync(self):
        fcntl.ioctl(self.fd, NIOCTXSYNC)

    def rxsync(self):
        fcntl.ioctl(self.fd, NIOCRXSYNC)

    def poll(self, events, ms):
        p = select.poll()
        p.register(self.fd, events)
        return p.poll(ms)

    def close(self):
        self.mem.close()
        os.close(self.fd)


def errors(vale):
    name, body = vale + ":err", register_body(0)
    fd = os.open("/dev/netmap", os.O_RDWR)
    say("not registered: txsync %s, rxsync %s" % (result(fcntl.ioctl, fd, NIOCTXSYNC), result(fcntl.ioctl, fd, NIOCRXSYNC)), "")
    p = select.poll()
    p.register(fd, select.POLLIN)
    got = p.poll(LONG)
    say(", poll %d error %d" % (len(got), got[0][1] & select.POLLERR != 0), "")
    say(", mmap %s" % result(mmap.mmap, fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ))
    say("requests: none %s" % result(fcntl.ioctl, fd, NIOCCTRL, 0), "")
    say(", version 10 %s" % result(request, fd, 10, REGISTER, name, body), "")
    say(", no body %s" % result(request, fd, API, REGISTER, name, None), "")
    say(", unknown %s" % result(request, fd, API, 200, name, body), "")
    say(", no such interface %s" % result(request, fd, API, REGISTER, "nosuchinterface", body), "")
    say(", no netmap call %s" % result(fcntl.ioctl, fd, 0x699B))
    say("register %s" % result(request, fd, API, REGISTER, name, body), "")
    say(", again %s" % result(request, fd, API, REGISTER, name, body))
    os.close(fd)
    say("closed: %s" % result(fcntl.ioctl, fd, NIOCTXSYNC))


def layout(vale):
    p = Port(vale + ":lay")
    say("name %s, rings %u %u, slots %u %u" % (p.name(), p.tx_rings, p.rx_rings, p.tx_slots, p.rx_slots))
    for what, r in ("tx", p.tx), ("rx", p.rx):
        say("%s: slots %u, dir %u, head %u, cur %u, tail %u" % (what, r.slots, r.dir, r.head, r.cur, r.tail))
    at = p.nifp & ~(mmap.PAGESIZE - 1)
    part = mmap.mmap(p.fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ, offset=at)
    say("a page of it: %s" % part[p.nifp - at:p.nifp - at + 16].rstrip(b"\0").decode())
    part.close()
    beyond = (p.size + mmap.PAGESIZE) & ~(mmap.PAGESIZE - 1)
    say("beyond: %s" % result(lambda: mmap.mmap(p.fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ, offset=beyond)))
    p.close()


def frames(vale):
    a, b = Port(vale + ":fa"), Port(vale + ":fb")
    say("regions differ: %d" % (a.mem_id != b.mem_id))
    for i in range(3):
        a.tx.put(60 + 700 * i, i)
    say("txsync %s" % result(a.txsync), "")
    say(", room %u" % ((a.tx.tail - a.tx.head) % SLOTS))
    say("rxsync %s" % result(b.rxsync))
    say("taken %u" % b.rx.take(True))
    say("nothing: poll %d" % len(b.poll(select.POLLIN, 30)))
    a.tx.put(64, 5)
    got = a.poll(select.POLLOUT, LONG)
    say("poll to send %d, events %d" % (len(got), got[0][1] == select.POLLOUT), "")
    got = b.poll(select.POLLIN, LONG)
    say(", poll to receive %d, events %d" % (len(got), got[0][1] == select.POLLIN))
    say("taken %u" % b.rx.take(True))
    copy = os.dup(a.fd)
    os.close(a.fd)
    a.fd = copy
    a.tx.put(65, 6)
    say("copy: txsync %s" % result(a.txsync), "")
    say(", rxsync %s" % result(b.rxsync))
    say("taken %u" % b.rx.take(True))
    a.tx.advance(SLOTS + 7)
    say("bad head: txsync %s, head in range %d" % (result(a.txsync), a.tx.head < SLOTS))
    a.tx.advance(SLOTS + 7)
    got = a.poll(select.POLLOUT, 0)
    say("bad head: poll's error %d" % (got[0][1] & select.POLLERR != 0))
    a.tx.put(66, 7)
    say("then: txsync %s" % result(a.txsync), "")
    say(", rxsync %s" % result(b.rxsync))
    say("taken %u" % b.rx.take(True))
    a.close()
    b.close()


class PollFd(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


class TimeSpec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


def by_poll(other, b, _):
    p = select.poll()
    p.register(other, select.POLLIN)
    p.register(b.fd, select.POLLIN)
    return len(p.poll(LONG))


def by_ppoll(other, b, _):
    p = (PollFd * 2)(PollFd(other, select.POLLIN, 0), PollFd(b.fd, select.POLLIN, 0))
    return ctypes.CDLL(None).ppoll(p, ctypes.c_ulong(2), ctypes.byref(TimeSpec(LONG // 1000, 0)), None)


def by_select(other, b, _):
    return sum(map(len, select.select([other, b.fd], [], [], LONG / 1000)))


def by_epoll(_, b, ep):
    got = ep.poll(LONG / 1000)
    return int(got == [(b.fd, select.EPOLLIN)])


def by_sync(_, b, __):
    while b.rx.head == b.rx.tail:
        b.rxsync()
    return 1


def send_later(a):
    time.sleep(0.02)
    a.tx.put(60, 9)
    a.txsync()


def waiting(vale):
    a, b = Port(vale + ":wa"), Port(vale + ":wb")
    other, other_end = os.pipe()
    ep = select.epoll()
    ep.register(other, select.EPOLLIN)
    ep.register(b.fd, select.EPOLLIN)
    for name, way in ("poll", by_poll), ("ppoll", by_ppoll), ("select", by_select), ("epoll", by_epoll), ("sync by sync", by_sync):
        t = threading.Thread(target=send_later, args=(a,))
        t.start()
        say("%s: %d ready" % (name, way(other, b, ep)), "")
        t.join()
        say(", taken %u" % b.rx.take(False))
    ep.close()
    os.close(other)
    os.close(other_end)
    a.close()
    b.close()


def child(a):
    sent = 0
    while sent < 2000 and a.poll(select.POLLOUT, LONG):
        while sent < 2000 and a.tx.put(60, sent % 7):
            sent += 1
    while (a.tx.tail + 1) % SLOTS != a.tx.head:  # what found no room yet stays in the ring until somebody syncs
        a.txsync()
        time.sleep(0.001)
    os._exit(sent != 2000)


def pipes(pipe_name):
    a, b = Port(pipe_name + "{1"), Port(pipe_name + "}1")
    say("one region: %d" % (a.mem_id == b.mem_id))
    a.tx.put(100, 1, MOREFRAG)
    a.tx.put(200, 2, MOREFRAG)
    a.tx.put(300, 3)
    a.txsync()
    b.rxsync()
    say("pieces %u" % b.rx.take(True))
    b.rxsync()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        child(a)
    got = 0
    while got < 2000 and b.poll(select.POLLIN, LONG):
        got += b.rx.take(False)
    say("from a child: %u frames, its status %d" % (got, os.waitpid(pid, 0)[1]))
    b.close()
    a.close()


def legacy(vale):
    fd = os.open("/dev/netmap", os.O_RDWR)
    r = bytearray(LEGACY.pack((vale + ":old").encode(), 11, 0, 0, SLOTS, SLOTS, 0, 0, 0, 0, 0, 0, 0, ALL_NIC, 0))
    say("legacy: %s" % result(fcntl.ioctl, fd, NIOCREGIF, r), "")
    r = LEGACY.unpack(r)
    say(", rings %u %u, slots %u %u" % (r[6], r[7], r[4], r[5]), "")
    mem = mmap.mmap(fd, r[3], mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    say(", name %s" % mem[r[2]:r[2] + 16].rstrip(b"\0").decode())
    os.close(fd)
    mem.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: raw_app.py SWITCH PIPE")
    errors(sys.argv[1])
    layout(sys.argv[1])
    frames(sys.argv[1])
    waiting(sys.argv[1])
    pipes(sys.argv[2])
    legacy(sys.argv[1])
