#!/usr/bin/env python3
"""Serving beside nginx: server CPU a request for the whole feed, the gzip of it and a 304, and ten thousand open pollers.

Usage: benches/serve.py [--binary target/release/depeche] [--path PATH] [--rounds 7] [--seconds 4] [--pollers 10000] [--poll-for 60]

The feed is that of everything as the shipped configuration gives it, with summaries; --path /feed.atom is the demo's own,
with whole texts.

Needs Debian's nginx and wrk. It starts the demo (logging and metrics on), saves one feed of it as nginx's file, and asks
both in turn, each pinned to one processor and the load to another. CPU is what the kernel charged the server's processes,
so that the load's own cost does not count. It prints every round's ratio and the median; it judges nothing.
"""
import argparse, gzip, http.client, json, os, re, resource, select, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

PATH = "/feed.atom?body=summary"
# What nginx serves in its place.
FILE = "/feed.atom"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def processes(root):
    """A process and its children."""
    found = [root]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == root:
            found.append(int(pid))
    return found


def cpu_seconds(root):
    total = 0
    for pid in processes(root):
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident_mib(root):
    pages = sum(int(open(f"/proc/{pid}/statm").read().split()[1]) for pid in processes(root))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def load(port, path, headers, seconds):
    """Requests that wrk counted, and those that failed."""
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c16", f"-d{seconds}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    text = subprocess.run(command + [f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    count = int(re.search(r"(\d+) requests in", text).group(1))
    # wrk calls a 304 no success of its own, so only socket errors and statuses above 399 count against a server.
    failed = re.search(r"Socket errors: (.*)", text)
    return count, failed.group(1) if failed else "none"


def settle(port):
    """The demo's first round is over once its log stands still."""
    last, since = None, time.time()
    while time.time() - since < 120:
        try:
            status, _, body = get(port, "/health/ready")
            if status == 200:
                body = json.loads(body)["seq"]
                if body == last:
                    still += 1
                    if still > 20:
                        return
                else:
                    last, still = body, 0
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit("the demo did not settle")


def pollers(port, path, etag, count, seconds):
    """Connections kept open that ask conditionally, each again and again; one thread."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {etag}\r\n\r\n".encode()
    poll, sockets, answers, errors, opening = select.epoll(), {}, 0, 0, time.time()
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        s.setblocking(False)
        sockets[s.fileno()] = s
        poll.register(s.fileno(), select.EPOLLIN)
    print(f"pollers: {len(sockets)} connections open after {time.time() - opening:.1f} s")
    begun, waves = time.time(), 0
    while time.time() - begun < seconds:
        wave = time.time()
        waiting = set(sockets)
        for fd in list(waiting):
            try:
                sockets[fd].send(request)
            except OSError:
                errors += 1
                waiting.discard(fd)
        while waiting and time.time() - wave < 30:
            for fd, _ in poll.poll(1):
                try:
                    data = sockets[fd].recv(65536)
                except OSError:
                    data = b""
                if data.startswith(b"HTTP/1.1 304"):
                    answers += 1
                else:
                    errors += 1
                if not data:
                    # Closed: counted once, and asked no more.
                    poll.unregister(fd)
                    sockets.pop(fd).close()
                waiting.discard(fd)
        errors += len(waiting)
        waves += 1
        time.sleep(max(0.0, min(5 - (time.time() - wave), seconds - (time.time() - begun))))
    print(f"pollers: {len(sockets)} of them still open at the end")
    return answers, errors, waves


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", default="target/release/depeche")
    options.add_argument("--path", default=PATH)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--pollers", type=int, default=10_000)
    options.add_argument("--poll-for", type=int, default=60)
    options = options.parse_args()
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    ours, theirs = free_port(), free_port()
    log = open(f"{folder}/depeche.log", "w")
    environment = {**os.environ, "TOKIO_WORKER_THREADS": "1"}
    daemon = subprocess.Popen(
        ["taskset", "-c", "0", options.binary, "demo", "--listen", f"127.0.0.1:{ours}"], stderr=log, stdout=log, env=environment, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2))
    server = None
    try:
        settle(ours)
        _, headers, body = get(ours, options.path)
        etag = headers["ETag"]
        with open(folder + FILE, "wb") as file:
            file.write(body)
        packed = get(ours, options.path, {"Accept-Encoding": "gzip"})[2]
        assert gzip.decompress(packed) == body
        with open(folder + FILE + ".gz", "wb") as file:
            file.write(packed)
        print(f"feed: {len(body)} bytes, {len(packed)} in gzip")
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(f"""worker_processes 1; worker_cpu_affinity 01; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 20000; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=100;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
types {{ application/atom+xml atom; }} add_header Cache-Control "public, max-age=900"; add_header Access-Control-Allow-Origin "*"; add_header X-Content-Type-Options nosniff;
server {{ listen 127.0.0.1:{theirs} backlog=4096; root {folder}; gzip_static on; }} }}""")
        server = subprocess.Popen(["taskset", "-c", "0", nginx, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"])
        time.sleep(1)
        their_etag = get(theirs, FILE)[1]["ETag"]
        cases = {
            "identity": ({}, {}),
            "gzip": ({"Accept-Encoding": "gzip"},) * 2,
            "304": ({"If-None-Match": etag}, {"If-None-Match": their_etag}),
        }
        for name, (our_headers, their_headers) in cases.items():
            ratios, costs = [], ([], [])
            for _ in range(options.rounds):
                both = []
                for port, path, process, headers in ((ours, options.path, daemon, our_headers), (theirs, FILE, server, their_headers)):
                    before = cpu_seconds(process.pid)
                    count, errors = load(port, path, headers, options.seconds)
                    both.append((cpu_seconds(process.pid) - before) / count * 1e6)
                    if errors != "none":
                        print(f"{name}: errors on port {port}: {errors}")
                ratios.append(both[0] / both[1])
                costs[0].append(both[0])
                costs[1].append(both[1])
            print(f"{name}: CPU a request {statistics.median(costs[0]):.1f} µs, nginx {statistics.median(costs[1]):.1f} µs, "
                  f"ratio {statistics.median(ratios):.2f} (rounds {', '.join(f'{r:.2f}' for r in ratios)})")
        if options.pollers:
            before = resident_mib(daemon.pid)
            answers, errors, waves = pollers(ours, options.path, etag, options.pollers, options.poll_for)
            print(f"pollers: {answers} answers 304 in {waves} waves, {errors} errors, resident {before:.0f} MiB before, {resident_mib(daemon.pid):.0f} MiB with them open")
    finally:
        for process in filter(None, (daemon, server)):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
