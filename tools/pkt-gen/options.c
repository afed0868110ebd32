/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the table of options, and what must hold between them. */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "opt.h"
#include "seq.h"

const char *const options_modes[] = { "rx", "tx", "ping", "pong", "txseq", "rxseq", NULL };

#define AT(field) offsetof(struct options, field)

static int
take_len(void *target, const char *arg, char *err)
{
	struct options *o = target;
	int64_t n = 0;

	if (opt_number(arg, &n) || n < FRAME_MIN || n > FRAME_MAX) {
		snprintf(err, OPT_ERRLEN, "'%s' is no length of a frame, give %d (an Ethernet header) to %d", arg, FRAME_MIN, FRAME_MAX);
		return -EINVAL;
	}
	if (o->len)
		o->len_min = n;
	else
		o->len = n;
	return 0;
}

static int
take_src(void *target, const char *arg, char *err)
{
	struct options *o = target;

	o->has_src = true;
	return range_parse_ip(arg, FRAME_PORT, &o->src, err);
}

static int
take_dst(void *target, const char *arg, char *err)
{
	struct options *o = target;

	o->has_dst = true;
	return range_parse_ip(arg, FRAME_PORT, &o->dst, err);
}

static int
take_smac(void *target, const char *arg, char *err)
{
	struct options *o = target;

	o->has_smac = true;
	return range_parse_mac(arg, &o->smac, err);
}

static int
take_dmac(void *target, const char *arg, char *err)
{
	struct options *o = target;

	o->has_dmac = true;
	return range_parse_mac(arg, &o->dmac, err);
}

static int
take_vnet(void *target, const char *arg, char *err)
{
	struct options *o = target;

	if (opt_number(arg, &o->vnet) || (o->vnet != 0 && o->vnet != 10 && o->vnet != 12)) {
		snprintf(err, OPT_ERRLEN, "'%s' is no length of a virtio-net header, give 0, 10 or 12", arg);
		return -EINVAL;
	}
	return 0;
}

/* One number: slots of both; three: rings of both. */
static int
take_conf(void *target, const char *arg, char *err)
{
	struct options *o = target;
	char copy[64], *rest = copy, *word;
	int64_t n;
	int i;

	if (strlen(arg) < sizeof(copy)) {
		strcpy(copy, arg);
		for (i = 0; (word = strsep(&rest, ",")) && i < 4; i++) {
			if (opt_number(word, &n) || n < 0 || n > (i < 2 ? 1 << 20 : 1024))
				break;
			o->conf[i] = (uint32_t)n;
			if (i % 2 == 0)
				o->conf[i + 1] = (uint32_t)n;
		}
		if (!word && i > 0)
			return 0;
	}
	snprintf(err, OPT_ERRLEN, "'%s' is not TXSLOTS[,RXSLOTS[,TXRINGS[,RXRINGS]]] of at most 1048576 slots and 1024 rings", arg);
	return -EINVAL;
}

static int
take_work(void *target, const char *arg, char *err)
{
	struct options *o = target;

	if (opt_number(arg, &o->work) || o->work < 0 || (o->work & ~(int64_t)WORK_ALL)) {
		snprintf(err, OPT_ERRLEN, "'%s' is no sum of 1 2 4 8 16 32 64 4096", arg);
		return -EINVAL;
	}
	return 0;
}

static int
take_verbose(void *target, const char *arg, char *err)
{
	(void)arg;
	(void)err;
	((struct options *)target)->verbose++;
	return 0;
}

static const struct opt_row rows[] = {
	{ 'i', "port", "PORT", "NAME, netmap:NAME, vale0:1, null, tap:NAME, pcap:FILE or pcap:DEVICE", OPT_STRING, AT(name) },
	{ 'f', "function", "MODE", "rx (default), tx, ping, pong, txseq or rxseq", OPT_CHOICE, AT(mode), .choices = options_modes },
	{ 'n', "count", "N", "frames to send, or to receive before leaving; 0: endless (default)", OPT_INT, AT(count), 0, INT64_MAX },
	{ 'l', "length", "BYTES", "length of a frame without FCS (60, IPv6: 62); a second -l: the least of random lengths", OPT_CALL, .call = take_len },
	{ 'b', "burst", "N", "frames at a time (512; ping: 1)", OPT_INT, AT(burst), 1, 65536 },
	{ '4', "ipv4", NULL, "IPv4 frames (default)", OPT_FLAG, AT(v4) },
	{ '6', "ipv6", NULL, "IPv6 frames", OPT_FLAG, AT(v6) },
	{ 'd', "dst", "ADDR[:PORT][-ADDR[:PORT]]", "destination; a range is swept", OPT_CALL, .call = take_dst },
	{ 's', "src", "ADDR[:PORT][-ADDR[:PORT]]", "source; a range is swept", OPT_CALL, .call = take_src },
	{ 'D', "dst-mac", "MAC[-MAC]", "destination (ff:ff:ff:ff:ff:ff); a range is swept", OPT_CALL, .call = take_dmac },
	{ 'S', "src-mac", "MAC[-MAC]", "source (the port's own); a range is swept", OPT_CALL, .call = take_smac },
	{ 'a', "affinity", "CPU", "bind the threads to CPUs from this one on", OPT_INT, AT(affinity), 0, 4095 },
	{ 'c', "cpus", "N", "number of CPUs that -a goes round", OPT_INT, AT(cpus), 1, 4096 },
	{ 'p', "threads", "N", "threads, one ring each (1: all rings)", OPT_INT, AT(threads), 1, 256 },
	{ 'T', "interval", "MS", "time between reports (1000)", OPT_INT, AT(report_ms), 1, 3600000 },
	{ 'w', "wait", "SECONDS", "wait for the link (2 for an interface, 0 for others)", OPT_REAL, AT(wait), 0, 3600 },
	{ 'W', "idle-exit", NULL, "leave when nothing came in for a second after the first frame", OPT_FLAG, AT(idle_exit) },
	{ 'R', "rate", "PPS", "frames a second, on average; 0: unlimited (default)", OPT_REAL, AT(rate), 0, 1000000000000 },
	{ 'X', "dump", NULL, "print each frame", OPT_FLAG, AT(dump) },
	{ 'H', "vnet-header", "BYTES", "length of the virtio-net header: 0, 10 or 12", OPT_CALL, .call = take_vnet },
	{ 'P', "pcap", "FILE", "send the frames of a pcap file, over and over", OPT_STRING, AT(pcap) },
	{ 'z', "random-src", NULL, "random source address and port (in the range of -s, if given)", OPT_FLAG, AT(random_src) },
	{ 'Z', "random-dst", NULL, "random destination address and port (in the range of -d, if given)", OPT_FLAG, AT(random_dst) },
	{ 'N', "plain", NULL, "numbers without unit prefixes", OPT_FLAG, AT(plain) },
	{ 'F', "fragments", "N", "slots of a frame", OPT_INT, AT(frags), 1, 63 },
	{ 'M', "fragment-size", "BYTES", "length of a slot of a frame", OPT_INT, AT(frag_size), 1, 65535 },
	{ 'I', "indirect", NULL, "indirect buffers (switch ports only)", OPT_FLAG, AT(indirect) },
	{ 'r', "rubbish", NULL, "send what is in the buffers, build no frames", OPT_FLAG, AT(rubbish) },
	{ 'A', "batch-stats", NULL, "report slots found at each sync", OPT_FLAG, AT(batch) },
	{ 'B', "framing", NULL, "count preamble, FCS and gap, 24 bytes a frame, in bit rates", OPT_FLAG, AT(framing) },
	{ 'C', "config", "SLOTS[,..]", "tx slots, rx slots, tx rings, rx rings of a port made by this call", OPT_CALL, .call = take_conf },
	{ 'o', "work", "BITS", "per frame: 1 prefetch, 2 read it all, 4 copy, 8 memcpy, 16 timestamp, 32 indirect, 64 dump, 4096 checksums (1)",
	  OPT_CALL, .call = take_work },
	{ 'v', "verbose", NULL, "say more; may be repeated", OPT_CALL, .call = take_verbose },
	{ 0, "json", NULL, "the summary as one JSON object on stdout, the rest on stderr", OPT_FLAG, AT(json) },
	{ 0, "reconnect", NULL, "open the port again when it or its engine went away", OPT_FLAG, AT(reconnect) },
	{ 0, "descriptors-only", NULL, "rx: do not touch the frames", OPT_FLAG, AT(descriptors) },
	{ 0, "write", "FILE", "rx: write the frames into a pcap file; -: standard output", OPT_STRING, AT(write) },
	{ 0, "snaplen", "BYTES", "with --write: the first bytes of each frame only", OPT_INT, AT(snaplen), 1, FRAME_MAX },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "pkt-gen",
	.version = "14.0",
	.usage = "-i PORT [-f MODE] [options]",
	.about = "Sends, receives, answers or checks frames on a netmap port.",
	.rows = rows,
};

void
options_help(FILE *to)
{
	opt_help(&spec, to);
}

bool
options_writes_stdout(const struct options *o)
{
	return o->write && strcmp(o->write, "-") == 0;
}

FILE *
options_text(const struct options *o)
{
	return options_writes_stdout(o) ? stderr : stdout;
}

static int
refuse(const char *text)
{
	fprintf(stderr, "pkt-gen: %s\n", text);
	return -EINVAL;
}

static int
check_family(struct options *o)
{
	if (o->v4 && o->v6)
		return refuse("-4 and -6 exclude each other");
	if (o->has_src && o->has_dst && o->src.version != o->dst.version)
		return refuse("-s and -d mix IPv4 and IPv6; give both of one kind");
	o->version = o->v6 ? 6 : 4;
	if (!o->v4 && !o->v6 && (o->has_src || o->has_dst))
		o->version = o->has_src ? o->src.version : o->dst.version;
	if ((o->has_src && o->src.version != o->version) || (o->has_dst && o->dst.version != o->version))
		return refuse(o->version == 6 ? "-6 with an IPv4 address; give IPv6 addresses to -s and -d" :
		    "-4 with an IPv6 address; give IPv4 addresses to -s and -d");
	return 0;
}

static int
check_len(struct options *o)
{
	unsigned need = FRAME_MIN;
	int64_t least;
	char text[160];

	if (o->mode == MODE_TXSEQ)
		need = frame_headers(o->version) + SEQ_HEADER;
	else if (o->mode == MODE_PING)
		need = frame_headers(o->version) + FRAME_PING;
	else if (o->mode == MODE_TX && (o->work & WORK_STAMP))
		need = frame_headers(o->version) + FRAME_STAMP;
	if (!o->len) /* the least of an Ethernet frame that has all headers */
		o->len = need > 60 ? need : frame_headers(o->version) > 60 ? frame_headers(o->version) : 60;
	if (o->len_min > o->len)
		return refuse("the second -l is the least length of a frame and exceeds the first; swap them");
	least = o->len_min ? o->len_min : o->len;
	if (least < need) {
		snprintf(text, sizeof(text), "-l %lld is too short: mode %s needs %u bytes of headers and data; give -l %u or more",
		    (long long)least, options_modes[o->mode], need, need);
		return refuse(text);
	}
	return 0;
}

static int
check_modes(struct options *o)
{
	if (!o->name)
		return refuse("no port given; say for instance -i vale0:1, see pkt-gen --help");
	if (o->pcap && o->mode != MODE_TX)
		return refuse("-P sends a file and needs -f tx");
	if (o->pcap && o->rubbish)
		return refuse("-P and -r exclude each other");
	if (o->write && o->mode != MODE_RX)
		return refuse("--write keeps what is received and needs -f rx");
	if (o->snaplen && !o->write)
		return refuse("--snaplen says how much --write keeps of a frame, and needs that");
	if (options_writes_stdout(o) && o->json)
		return refuse("--json and --write - both want standard output; write the frames to a file");
	if (o->descriptors && (o->write || o->dump || (o->work & ~(int64_t)WORK_PREFETCH)))
		return refuse("--descriptors-only excludes --write, -X and -o");
	if ((o->mode == MODE_PING || o->mode == MODE_PONG) && o->threads > 1)
		return refuse("ping and pong run in one thread; leave -p out");
	if (o->mode == MODE_TXSEQ && (o->rubbish || o->indirect || (o->work & WORK_INDIRECT)))
		return refuse("txseq needs frames of its own; leave -r, -I and -o 32 out");
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int rc;

	memset(o, 0, sizeof(*o));
	o->affinity = -1;
	o->threads = 1;
	o->report_ms = 1000;
	o->wait = -1;
	o->vnet = -1;
	o->work = WORK_PREFETCH;
	rc = opt_parse(&spec, argc, argv, o);
	if (!rc)
		rc = check_modes(o);
	if (!rc)
		rc = check_family(o);
	if (!rc)
		rc = check_len(o);
	if (rc)
		return rc;
	if (!o->burst)
		o->burst = o->mode == MODE_PING ? 1 : 512;
	if (o->work & WORK_DUMP)
		o->dump = true;
	if (o->work & WORK_INDIRECT)
		o->indirect = true;
	return 0;
}
