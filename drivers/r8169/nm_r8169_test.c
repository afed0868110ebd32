/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_r8169_test.c - descriptors of Realtek's gigabit NICs, see nm_r8169_rings.h. */
#include "nic_bed.h"

#define NUM_TX_DESC 256
#define NUM_RX_DESC 256
#define R8169_RX_BUF_SIZE (16384 - 1)

enum {
	RingEnd = 1 << 30, FirstFrag = 1 << 29, LastFrag = 1 << 28, /* of opts1 */
	RxRES = 1 << 21,
};
#define DescOwn 0x80000000u
#define IPPROTO_UDP 17

struct TxDesc {
	__le32 opts1, opts2;
	__le64 addr;
};

struct RxDesc {
	__le32 opts1, opts2;
	__le64 addr;
};

enum mac_version { RTL_GIGA_MAC_VER_06 = 6, RTL_GIGA_MAC_VER_61 = 61, RTL_GIGA_MAC_VER_63 = 63 };

struct rtl8169_private {
	struct TxDesc *TxDescArray;
	struct RxDesc *RxDescArray;
	enum mac_version mac_version;
};

#include "nm_r8169_rings.h"

static struct TxDesc tx_desc[NUM_TX_DESC];
static struct RxDesc rx_desc[NUM_RX_DESC];
static struct rtl8169_private private = {tx_desc, rx_desc, RTL_GIGA_MAC_VER_06};
static unsigned rung;

static void
rtl8169_doorbell(struct rtl8169_private *tp)
{
	(void)tp;
	rung++;
}

static void
reset(struct nm_hw_ring *r, int dir)
{
	r->nic = &private;
	if (dir == NM_DIR_TX)
		memset(tx_desc, 0, sizeof(tx_desc));
	else
		memset(rx_desc, 0, sizeof(rx_desc));
	rung = 0;
}

static bool
sends(uint32_t desc, struct nic_part *p)
{
	u32 opts1 = le32_to_cpu(tx_desc[desc].opts1);

	if (!(opts1 & DescOwn) || !rung)
		return false;
	assert_int_equal(!!(opts1 & RingEnd), desc == NUM_TX_DESC - 1);
	assert_int_equal(tx_desc[desc].opts2, 0);
	*p = (struct nic_part){.addr = le64_to_cpu(tx_desc[desc].addr), .len = opts1 & 0xffff, .first = opts1 & FirstFrag,
	    .last = opts1 & LastFrag, .report = true};
	return true;
}

static void
sent(uint32_t desc)
{
	tx_desc[desc].opts1 &= ~cpu_to_le32(DescOwn);
}

static bool
posted(uint32_t desc, uint64_t *addr, uint32_t *size)
{
	u32 opts1 = le32_to_cpu(rx_desc[desc].opts1);

	*addr = le64_to_cpu(rx_desc[desc].addr);
	*size = opts1 & 0x3fff;
	if (!(opts1 & DescOwn))
		return false;
	assert_int_equal(!!(opts1 & RingEnd), desc == NUM_RX_DESC - 1);
	return true;
}

/* The length is with the frame check sequence. */
static void
fill(uint32_t desc, uint32_t len, unsigned flags)
{
	static bool goes_on;

	rx_desc[desc].opts1 = cpu_to_le32((len + ETH_FCS_LEN) | (goes_on ? 0 : FirstFrag) | (flags & NM_HW_LAST ? LastFrag : 0) |
	    (flags & NM_HW_BAD ? RxRES : 0) | (desc == NUM_RX_DESC - 1 ? RingEnd : 0));
	goes_on = !(flags & NM_HW_LAST);
}

static const struct nic_model model = {nm_r8169_txsync, nm_r8169_rxsync, nm_r8169_txdone, nm_r8169_txforeign,
    .ndesc = NUM_TX_DESC, .min_bytes = ETH_ZLEN,
    .bufs = &nm_r8169_bufs, .max_parts = NETMAP_MAX_FRAGS, .tells_first = true, .reset = reset, .sends = sends, .sent = sent, .posted = posted, .fill = fill};

/* An RTL8125 hangs with a datagram for PTP that is shorter than it expects. */
static void
some_chips_need_longer_datagrams(void **state)
{
	static const struct { uint32_t len, port, sent; } frame[] = {{60, 319, 81}, {70, 320, 81}, {82, 319, 82}, {60, 321, 60}};
	struct nic_part p;
	uint32_t k;

	(void)state;
	nic_open(&model, 64);
	for (k = 0; k < 8; k++) {
		uint8_t *b = (uint8_t *)nic_buf(&nic_tx, k);
		bool needs = k < 4;

		memset(b, 0x55, 200);
		b[12] = 8, b[13] = 0;           /* IPv4 */
		b[14] = 0x45, b[23] = 17;       /* no options, UDP */
		b[36] = (uint8_t)(frame[k % 4].port >> 8), b[37] = (uint8_t)frame[k % 4].port;
		private.mac_version = needs ? RTL_GIGA_MAC_VER_61 : RTL_GIGA_MAC_VER_06;
		nic_slot(k, frame[k % 4].len, 0);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(1, &p), 1);
		assert_int_equal(p.len, needs ? frame[k % 4].sent : frame[k % 4].len);
		assert_true(p.len == frame[k % 4].len || !b[p.len - 1]);
		assert_int_equal(b[p.len], 0x55);
		memcpy(nic_foreign, b, 200);
		assert_true(nm_r8169_txforeign(&nic_tx, &(struct nm_hw_foreign){b, (uintptr_t)nic_foreign, frame[k % 4].len, nic_foreign}));
		assert_int_equal(nic_sends(1, &p), 1);
		assert_int_equal(p.len, needs ? frame[k % 4].sent : frame[k % 4].len);
	}
	private.mac_version = RTL_GIGA_MAC_VER_06;
}

/* Near the end of a buffer there is no room for that: such a frame is not sent. */
static void
datagrams_are_lengthened_where_they_begin(void **state)
{
	struct nic_part p;
	uint32_t k, i, offset;

	(void)state;
	nic_open_at(&model, 128, 2048, 0, 0);
	private.mac_version = RTL_GIGA_MAC_VER_61;
	for (k = 0; k < 100; k++) {
		uint8_t *b = (uint8_t *)nm_kring_buf(nic_tx.kr, nic_slot_of(&nic_tx, k)->buf_idx);

		offset = 2048 - 60 - k;
		memset(b, 0x55, 4096);
		b += offset;
		b[12] = 8, b[13] = 0, b[14] = 0x45, b[23] = 17, b[36] = 1, b[37] = 63;
		nic_slot(k, 60, 0);
		nic_slot_of(&nic_tx, k)->ptr = offset | 0xab0000;
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(1, &p), offset + 81 <= 2048);
		for (i = offset + 81 <= 2048 ? 81 : 60; i < 200; i++)
			assert_int_equal(b[i], 0x55);
	}
	assert_int_equal(nic_tx.kr->stat[NM_STAT_drop_short], 21);
	private.mac_version = RTL_GIGA_MAC_VER_06;
}

int
main(int argc, char **argv)
{
	static const struct nic_model *const models[] = {&model};
	const struct CMUnitTest own[] = {
		cmocka_unit_test_setup_teardown(some_chips_need_longer_datagrams, nic_setup, nic_teardown),
		cmocka_unit_test_setup_teardown(datagrams_are_lengthened_where_they_begin, nic_setup, nic_teardown),
	};

	return nic_main(argc, argv, models, 1, own, 2);
}
