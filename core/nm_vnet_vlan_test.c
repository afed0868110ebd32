/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vnet_vlan_test.c - frames behind virtio-net headers in VLANs: the tag comes and goes between header and frame, what the header says of
 * offsets goes with it, and no header moves a frame to another VLAN.
 *
 *	a, b  access 10 or trunks, as a test has them     c  access 20     d  in none, gets copies
 */
#include "vnet_frames.h"

#define VID 10u
#define PRIO 0xa000u

static struct nm_root root;
static struct nm_session a, b, c, d;
static struct nm_session *const sessions[] = {&a, &b, &c, &d, NULL};
static uint8_t want[70000];

enum mode { ACCESS, TRUNK, NATIVE }; /* the last one: VLAN 10 leaves without a tag, 20 with it */

static void
set_vlan(const char *name, enum mode mode, uint16_t vid)
{
	struct nmreq_vlan v = {.nr_op = NM_POLICY_SET, .nr_mode = mode == ACCESS ? NM_VLAN_ACCESS : NM_VLAN_TRUNK,
	    .nr_vid = mode == TRUNK ? 0 : vid};

	if (mode == TRUNK)
		v.nr_allowed[vid / 8] |= (uint8_t)(1 << vid % 8);
	if (mode != ACCESS)
		v.nr_allowed[20 / 8] |= 1 << 20 % 8;
	assert_int_equal(host_request(&a, NETMAP_REQ_VLAN, name, &v), 0);
}

static int
setup(void **state)
{
	(void)state;
	if (host_begin(&root, sessions))
		return -1;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 12);
	open_port(&c, "vale0:c", 0);
	set_vlan("vale0:c", ACCESS, 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (a.port)
		books_balance(&a);
	return host_end(&root, sessions);
}

static void
use(enum mode am, uint32_t ah, enum mode bm, uint32_t bh)
{
	set_vlan("vale0:a", am, VID);
	set_vlan("vale0:b", bm, VID);
	assert_int_equal(set_header(&a, "vale0:a", ah), 0);
	assert_int_equal(set_header(&b, "vale0:b", bh), 0);
}

/* The frame with a tag, if it is to be of a trunk; the length then. */
static uint32_t
tag(uint8_t *f, uint32_t len, enum mode mode, uint32_t tci)
{
	if (mode != TRUNK)
		return len;
	memmove(f + 16, f + 12, len - 12);
	put16(f + 12, 0x8100);
	put16(f + 14, tci);
	return len + 4;
}

/* What leaves, of a frame of `len` bytes in `frame` that has no tag yet; and the frame as it is sent. */
static uint32_t
tag_both(uint32_t *len, enum mode from, enum mode to)
{
	uint32_t out;

	memcpy(want, frame, *len);
	out = tag(want, *len, to, from == TRUNK ? PRIO | VID : VID);
	*len = tag(frame, *len, from, PRIO | VID);
	return out;
}

static const uint32_t hdrs[] = {0, 10, 12};
static const enum mode modes[] = {ACCESS, TRUNK, NATIVE};

/* From each mode and length to each, in slots that begin anywhere in it. */
static void
tags_come_and_go_behind_headers(void **state)
{
	static const uint32_t steps[] = {2048, 30, 26, 23, 13, 7, 5};
	static const uint8_t zeroes[12];
	uint32_t n, len, out;

	(void)state;
	for (n = 0; n < 3 * 3 * 3 * 3 * 7; n++) {
		enum mode from = modes[n % 3], to = modes[n / 3 % 3];
		uint32_t fh = hdrs[n / 9 % 3], th = hdrs[n / 27 % 3], step = steps[n / 81];
		struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 42, 0x1234, 34, 6, 0x55aa};

		use(from, fh, to, th);
		len = make(false, false, 61);
		out = tag_both(&len, from, to);
		if (from == TRUNK)
			h.csum_start += 4, h.hdr_len += 4;
		send_in(&a, &h, fh, len, fh || step > 14 ? step : 14);
		assert_int_equal(take(&b), th + out);
		h.csum_start = to == TRUNK ? 38 : 34;
		h.hdr_len = to == TRUNK ? 46 : 42;
		h.num_buffers = fh == 12 ? 0x55aa : 0;
		assert_memory_equal(got, fh ? (const uint8_t *)&h : zeroes, th);
		if (fh && !th)
			assert_true(nm_gso_checksum_flat(want, out, h.csum_start, 6));
		assert_memory_equal(got + th, want, out);
		assert_int_equal(take(&c), -1);
		assert_int_equal(take(&b), -1);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), n);
}

/* What is asked for where it does not matter stays as it was, what is no length of headers too. */
static void
what_is_not_asked_for_stays(void **state)
{
	static const struct { struct nm_vnet_hdr in; uint16_t hdr_len, start; } t[] = {
		{{0, 0, 0, 0, 34, 6, 0}, 0, 34}, {{2, 0, 13, 0, 0xffff, 0xffff, 0}, 13, 0xffff}, {{0, 0, 14, 0, 0, 0, 0}, 18, 0},
		{{0, 0, 0xfffb, 0, 0, 0, 0}, 0xffff, 0}, {{0, 0, 0xfffc, 0, 0, 0, 0}, 0xfffc, 0}, {{0, 0, 0xffff, 0, 14, 0, 0}, 0xffff, 14},
	};
	uint32_t i;

	(void)state;
	use(ACCESS, 12, TRUNK, 12);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nm_vnet_hdr h = t[i].in;

		make(false, false, 100);
		send_in(&a, &h, 12, 142, 2048);
		assert_int_equal(take(&b), 12 + 146);
		h.hdr_len = t[i].hdr_len;
		h.csum_start = t[i].start;
		assert_memory_equal(got, &h, 12);
	}
}

/* When the last port has left its VLANs, tags are data like others. */
static void
without_vlans_all_is_as_before(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 0, 0, 38, 6, 0};
	static const char *const name[] = {"vale0:a", "vale0:b", "vale0:c"};
	struct nmreq_vlan none = {.nr_op = NM_POLICY_SET};
	uint32_t i, len;

	(void)state;
	use(TRUNK, 12, ACCESS, 0);
	len = tag(frame, make(false, false, 100), TRUNK, VID);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(take(&b), len - 4);
	for (i = 0; i < 3; i++)
		assert_int_equal(host_request(&a, NETMAP_REQ_VLAN, name[i], &none), 0);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(take(&b), len);
	nm_gso_checksum_flat(frame, len, 38, 6);
	assert_memory_equal(got, frame, len);
	assert_int_equal(take(&c), len);
}

/* Segments are those of the frame as it leaves; who has headers gets it merged. */
static void
merged_frames_are_cut_with_their_tag(void **state)
{
	static const struct { bool v6, tcp; uint8_t type; uint32_t payload; uint16_t size; } t[] = {
		{false, true, NM_GSO_TYPE_TCPV4, 30000, 1448}, {true, true, NM_GSO_TYPE_TCPV6, 9001, 1428}, {false, false, NM_GSO_TYPE_UDP_L4, 5000, 1200},
		{false, false, NM_GSO_TYPE_UDP, 5001, 1480}, {true, false, NM_GSO_TYPE_UDP, 5000, 1448},
	};
	uint32_t n, len, out, l4, sum;
	struct nm_gso g;

	(void)state;
	for (n = 0; n < 5 * 9 * 2; n++) {
		enum mode from = modes[n % 3], to = modes[n / 3 % 3];
		uint32_t k = n / 9 % 5, step = n < 45 ? 2048 : 619;
		struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, t[k].type, 0, t[k].size, 0, 0, 0};

		l4 = t[k].v6 ? 54 : 34;
		sum = t[k].tcp ? 16 : 6;
		h.csum_start = (uint16_t)(from == TRUNK ? l4 + 4 : l4);
		h.csum_offset = (uint16_t)sum;
		h.hdr_len = (uint16_t)(h.csum_start + 8);
		use(from, 12, to, 0);
		len = make(t[k].v6, t[k].tcp, t[k].payload);
		out = tag_both(&len, from, to);
		send_in(&a, &h, 12, len, step);
		assert_int_equal(nm_gso_begin_flat(&g, want, out, &h, nm_session_kring(&a, NM_DIR_TX, 0)->work->ident - 1), 0);
		while (nm_gso_more(&g)) {
			uint32_t each = nm_gso_next_flat(&g, want, sent);

			assert_int_equal(take(&b), each);
			assert_memory_equal(got, sent, each);
		}
		assert_int_equal(take(&b), -1);
		set_header(&b, "vale0:b", 12);
		send_in(&a, &h, 12, len, step);
		assert_int_equal(take(&b), out + 12);
		h.csum_start = (uint16_t)(to == TRUNK ? l4 + 4 : l4);
		h.hdr_len = (uint16_t)(h.csum_start + 8);
		assert_memory_equal(got, &h, 12);
		assert_memory_equal(got + 12, want, out);
	}
	/* where they are cut nobody looks at offsets */
	use(TRUNK, 12, TRUNK, 0);
	len = make(false, true, 3000);
	len = tag(frame, len, TRUNK, VID);
	send_in(&a, &(struct nm_vnet_hdr){NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0xffff, 1500, 14, 0, 0}, 12, len, 2048);
	assert_int_equal(take(&b), 1558);
	assert_int_equal(be16(got + 14), VID);
	assert_int_equal(take(&b), 1558);
}

/* A checksum would be put where the tag is, or beyond the frame, by us or by the receiver. */
static void
checksums_that_lead_into_the_tag_drop_the_frame(void **state)
{
	static const struct { enum mode from, to; uint16_t start, offset; bool good; } t[] = {
		{ACCESS, TRUNK, 14, 0, true}, {ACCESS, TRUNK, 13, 1, false}, {ACCESS, TRUNK, 12, 8, false}, {ACCESS, TRUNK, 0, 30, false},
		{TRUNK, TRUNK, 18, 0, true}, {TRUNK, TRUNK, 17, 1, false}, {TRUNK, TRUNK, 14, 0, false}, {TRUNK, TRUNK, 12, 100, false},
		{TRUNK, ACCESS, 18, 0, true}, {TRUNK, ACCESS, 17, 1, false}, {TRUNK, ACCESS, 16, 20, false}, {ACCESS, ACCESS, 13, 20, false},
		{ACCESS, TRUNK, 34, 64, true}, {ACCESS, TRUNK, 34, 65, false}, {TRUNK, TRUNK, 34, 68, true}, {TRUNK, TRUNK, 34, 69, false},
		{TRUNK, ACCESS, 34, 68, true}, {TRUNK, ACCESS, 34, 69, false}, {ACCESS, TRUNK, 0xfffc, 0, false}, {ACCESS, TRUNK, 0xffff, 0xffff, false},
		{ACCESS, TRUNK, 14, 0xfffe, false}, {ACCESS, TRUNK, 98, 0, true}, {ACCESS, TRUNK, 99, 0, false}, {TRUNK, NATIVE, 17, 0, false},
	};
	uint32_t i, k, len, drops = 0;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (k = 0; k < 3; k++) {
			const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 0, 0, t[i].start, t[i].offset, 0};

			print_message("case %u to %u bytes\n", i, hdrs[k]);
			use(t[i].from, 12, t[i].to, hdrs[k]);
			make(false, false, 58);
			len = tag(frame, 100, t[i].from, PRIO | VID);
			send_in(&a, &h, 12, len, 2048);
			assert_int_equal(take(&b), t[i].good ? (int)(hdrs[k] + (t[i].to == TRUNK ? 104 : 100)) : -1);
			drops += !t[i].good;
			assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum), drops);
		}
	/* in a frame of more than 64 KiB they would wrap */
	use(ACCESS, 12, TRUNK, 12);
	for (i = 0xfffa; i <= 0xffff; i++) {
		make(false, true, 65700 - 54);
		send_in(&a, &(struct nm_vnet_hdr){NM_VNET_NEEDS_CSUM, 0, 0, 0, (uint16_t)i, 0, 0}, 12, 65700, 2048);
		assert_int_equal(take(&b), i < 0xfffc ? 65716 : -1);
	}
}

/* The checksum as a receiver does it who trusts its header. */
static void
complete(uint8_t *f, uint32_t len, const struct nm_vnet_hdr *h)
{
	if (h->flags & NM_VNET_NEEDS_CSUM)
		nm_gso_checksum_flat(f, len, h->csum_start, h->csum_offset);
}

static uint32_t
random_below(uint32_t n)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

/* Random headers and tags: whatever arrives is in the VLAN that it was sent in, also after what its header asks for. */
static void
nonsense_stays_in_its_vlan(void **state)
{
	struct nm_vnet_hdr h;
	uint32_t i, len, hdr = 0;
	enum mode from = ACCESS;
	int n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		if (i % 500 == 0) {
			from = modes[random_below(2)];
			hdr = hdrs[i / 500 % 3];
			use(from, 12, TRUNK, hdr);
		}
		len = make(random_below(2), random_below(2), random_below(3000));
		if (from == TRUNK)
			len = tag(frame, len, TRUNK, random_below(8) << 13 | VID);
		if (random_below(4) == 0)
			frame[from == TRUNK ? 16 + random_below(90) : 12 + random_below(90)] = (uint8_t)random_below(256);
		h = (struct nm_vnet_hdr){(uint8_t)random_below(4), (uint8_t)(random_below(2) ? 0 : random_below(7)), (uint16_t)random_below(65536),
		    (uint16_t)random_below(3000), (uint16_t)random_below(60), (uint16_t)random_below(30), 0};
		send_in(&a, &h, 12, random_below(8) ? len : 18 + random_below(len - 18), 100 + random_below(1900));
		while ((n = take(&b)) >= 0) {
			if (hdr) {
				memcpy(&h, got, NM_VNET_COMMON);
				complete(got + hdr, (uint32_t)n - hdr, &h);
			}
			assert_int_equal(be16(got + hdr + 12), 0x8100);
			assert_int_equal(be16(got + hdr + 14) & 0xfff, VID);
		}
		assert_int_equal(take(&c), -1);
	}
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum) > 1000);
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_gso) > 1000);
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) > 3000);
}

/* The sender writes to its header and its tag between two of the receivers. */
static char *written;
static bool leads;

static void
rewrite(struct nm_kring *kr)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 0, 0, 14, 0, 0};

	(void)kr;
	if (leads)
		memcpy(written, &h, 12);
	memcpy(written + 12 + 12, "\x81\0\0\x14", 4);
}

static void
what_changes_meanwhile_crosses_nothing(void **state)
{
	struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 0, 0, 38, 6, 0};
	struct nm_kring *kr;
	uint32_t i, k, len;

	(void)state;
	open_port(&d, "vale0:d", 10);
	set_vlan("vale0:d", TRUNK, VID);
	kr = nm_session_kring(&a, NM_DIR_TX, 0);
	host_on_notify = rewrite;
	for (i = 0; i < 2; i++)
		for (k = 0; k < 3; k++) {
			use(TRUNK, 12, TRUNK, hdrs[k]);
			leads = i;
			written = kr->bufs + (size_t)kr->slots[kr->atok->head].buf_idx * kr->stride;
			len = make(false, false, 100);
			memcpy(frame, BCAST, 6);
			len = tag(frame, len, TRUNK, VID);
			send_in(&a, &h, 12, len, 2048);
			assert_memory_equal(written + 24, "\x81\0\0\x14", 4);
			assert_int_equal(take(&b), hdrs[k] + len);
			assert_memory_equal(got + hdrs[k] + 12, frame + 12, 4);
			assert_int_equal(take(&d), leads ? -1 : (int)(10 + len));
			if (!leads)
				assert_memory_equal(got + 10, frame, len);
			assert_int_equal(take(&c), -1);
		}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum), 3);
}

/* Writes all over header, tag and what follows. */
__attribute__((no_sanitize("thread"))) static void
spoil(void *arg, uint32_t round)
{
	volatile uint8_t *p = arg;
	uint32_t i;

	for (i = 0; i < 48; i++)
		p[i] = round & 1 ? sent[i] : (uint8_t)(round >> (i % 8));
	p[26] = 0;
	p[27] = round % 3 ? VID : 20;
}

/* However they change, each frame is in one VLAN, and counted. */
static void
tags_that_change_all_the_time_cross_nothing(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 1448, 38, 16, 0};
	struct nm_kring *kr;
	uint32_t i, len;

	(void)state;
	kr = nm_session_kring(&a, NM_DIR_TX, 0);
	use(TRUNK, 12, TRUNK, 0);
	len = tag(frame, make(false, true, 6000), TRUNK, VID);
	send_in(&a, &h, 12, len, 2048);
	host_race_start(spoil, kr->bufs + (size_t)kr->slots[4].buf_idx * kr->stride);
	for (i = 0; i < 2000; i++) {
		kr->hwcur = kr->rhead = kr->atok->head = 4; /* the same slots again and again */
		kr->hwtail = kr->rtail = 3;
		if (i % 500 == 0)
			set_header(&b, "vale0:b", i % 1000 ? 12 : 0);
		send_in(&a, &h, 12, len, 2048);
		while (take(&b) >= 0) {
			uint32_t hdr = i % 1000 < 500 ? 0 : 12;

			assert_int_equal(be16(got + hdr + 12), 0x8100);
			assert_in_set(be16(got + hdr + 14) & 0xfff, ((LargestIntegralType[]){VID, 20}), 2);
		}
		while (take(&c) >= 0)
			;
	}
	host_race_stop();
}

static void
tags_that_frames_end_in(void **state)
{
	const struct nm_vnet_hdr h = {0};
	uint32_t len, n = 0, step;

	(void)state;
	use(TRUNK, 12, ACCESS, 10);
	make(false, false, 100);
	tag(frame, 100, TRUNK, VID);
	for (step = 5; step < 40; step += 7)
		for (len = 14; len <= 18; len++) {
			send_in(&a, &h, 12, len, step);
			assert_int_equal(take(&b), len < 18 ? -1 : 24);
			n += len < 18;
			assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), n);
		}
	/* no more than the tag: the type field is all that is left */
	assert_memory_equal(got + 10, frame, 12);
	assert_int_equal(be16(got + 22), 0x0800);
}

/* With an inner tag, a frame that comes untagged out of a trunk would be in the VLAN of that. */
static void
a_second_tag_does_not_become_the_first(void **state)
{
	const struct nm_vnet_hdr h = {0};
	uint32_t k;

	(void)state;
	for (k = 0; k < 3; k++) {
		use(ACCESS, 12, NATIVE, hdrs[k]);
		make(false, false, 100);
		tag(frame, 100, TRUNK, 20);
		tag(frame, 100, TRUNK, VID);
		send_in(&a, &h, 12, 100, 2048);
		assert_int_equal(take(&b), -1);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vlan), k + 1);
		use(ACCESS, 12, ACCESS, hdrs[k]); /* one VLAN only: it can do no harm */
		send_in(&a, &h, 12, 100, 2048);
		assert_int_equal(take(&b), hdrs[k] + 96);
		assert_int_equal(be16(got + hdrs[k] + 14), 20);
		use(ACCESS, 12, TRUNK, hdrs[k]);
		send_in(&a, &h, 12, 100, 2048);
		assert_int_equal(take(&b), hdrs[k] + 100);
		assert_int_equal(be16(got + hdrs[k] + 14), VID);
	}
}

/* What a mirror gets is as the mirrored port has its tags, and behind a header of the mirror's own. */
static void
mirrors_get_the_tags_of_the_port(void **state)
{
	struct nmreq_mirror m = {.nr_op = NM_POLICY_SET, .nr_dirs = NM_MIRROR_RX, .nr_to = "vale0:d"};
	struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, 0, 42, 0, 34, 6, 0};
	uint32_t i, len, out;

	(void)state;
	open_port(&d, "vale0:d", 0);
	assert_int_equal(host_request(&b, NETMAP_REQ_MIRROR, "vale0:b", &m), 0);
	for (i = 0; i < 27; i++) {
		uint32_t ah = hdrs[i % 3], bh = hdrs[i / 3 % 3], dh = hdrs[i / 9];

		use(ACCESS, ah, TRUNK, bh);
		assert_int_equal(set_header(&d, "vale0:d", dh), 0);
		len = make(false, false, 100);
		out = tag_both(&len, ACCESS, TRUNK);
		if (ah && !dh)
			nm_gso_checksum_flat(want, out, 38, 6);
		send_in(&a, &h, ah, len, 2048);
		assert_int_equal(take(&b), bh + out);
		assert_int_equal(take(&d), dh + out);
		assert_memory_equal(got + dh, want, out);
		if (ah && dh) {
			struct nm_vnet_hdr copy;

			memcpy(&copy, got, NM_VNET_COMMON);
			assert_int_equal(copy.csum_start, 38);
		}
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), 27);
	/* what is not delivered is not copied */
	h.csum_start = 3;
	use(ACCESS, 12, TRUNK, 12);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum), 1);
	assert_int_equal(take(&b), -1);
	assert_int_equal(take(&d), -1);
}

/* A tag that takes another slot, and one that takes more than a frame has. */
static void
longer_frames_take_another_slot(void **state)
{
	const struct nm_vnet_hdr h = {0};
	uint32_t len, i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		use(ACCESS, 12, TRUNK, hdrs[k]);
		for (i = 2090; i <= 2112; i++) {
			make(false, true, i - 54);
			len = tag_both(&(uint32_t){i}, ACCESS, TRUNK);
			send_in(&a, &h, 12, i, 2100);
			assert_int_equal(take(&b), hdrs[k] + len);
			assert_memory_equal(got + hdrs[k], want, len);
		}
	}
	use(ACCESS, 12, TRUNK, 12);
	nm_session_close(&b);
	open_narrow(&b, "vale0:b", 101, 12);
	set_vlan("vale0:b", TRUNK, VID);
	for (i = 64 * 101 - 16; i <= 64 * 101 - 15; i++) {
		make(false, true, i - 54);
		send_in(&a, &h, 12, i, 2100);
		assert_int_equal(take_at(&b, 101), i == 64 * 101 - 16 ? 64 * 101 : -1);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(tags_come_and_go_behind_headers), T(what_is_not_asked_for_stays), T(without_vlans_all_is_as_before),
		T(merged_frames_are_cut_with_their_tag), T(checksums_that_lead_into_the_tag_drop_the_frame),
		T(nonsense_stays_in_its_vlan), T(what_changes_meanwhile_crosses_nothing),
		T(tags_that_change_all_the_time_cross_nothing), T(tags_that_frames_end_in), T(a_second_tag_does_not_become_the_first),
		T(mirrors_get_the_tags_of_the_port), T(longer_frames_take_another_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
