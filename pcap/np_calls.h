/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_calls.h - every function that the system's libpcap exports, and what becomes of a call of ours to it.
 *
 *	PASS, PASSV(name, parameters, arguments)    has no handle, or one of a file: goes to the system's library as it is. V: void
 *	SHADOW(name, parameters, arguments)         the first parameter is a handle `p`; for one of ours its shadow is asked (np_handle.h)
 *	OWN(name)                                   defined by a file of ours, which asks the system's library for handles that are not ours
 *
 * A test compares this list with the symbols of the library that is installed.
 */
#ifndef NP_CALLS_H
#define NP_CALLS_H

#define NP_CALLS(PASS, PASSV, SHADOW, OWN) \
	PASSV(bpf_dump, (const struct bpf_program *f, int option), (f, option)) \
	PASS(u_int, bpf_filter, (const struct bpf_insn *f, const u_char *d, u_int wire, u_int len), (f, d, wire, len)) \
	PASS(char *, bpf_image, (const struct bpf_insn *f, int n), (f, n)) \
	PASS(int, bpf_validate, (const struct bpf_insn *f, int n), (f, n)) \
	PASS(int, pcap_compile_nopcap, (int snaplen, int dlt, struct bpf_program *f, const char *text, int optimize, bpf_u_int32 mask), \
	    (snaplen, dlt, f, text, optimize, mask)) \
	PASS(int, pcap_datalink_name_to_val, (const char *name), (name)) \
	PASS(const char *, pcap_datalink_val_to_description, (int dlt), (dlt)) \
	PASS(const char *, pcap_datalink_val_to_description_or_dlt, (int dlt), (dlt)) \
	PASS(const char *, pcap_datalink_val_to_name, (int dlt), (dlt)) \
	PASSV(pcap_dump, (u_char *to, const struct pcap_pkthdr *h, const u_char *d), (to, h, d)) \
	PASSV(pcap_dump_close, (pcap_dumper_t *to), (to)) \
	PASS(FILE *, pcap_dump_file, (pcap_dumper_t *to), (to)) \
	PASS(int, pcap_dump_flush, (pcap_dumper_t *to), (to)) \
	PASS(long, pcap_dump_ftell, (pcap_dumper_t *to), (to)) \
	PASS(int64_t, pcap_dump_ftell64, (pcap_dumper_t *to), (to)) \
	PASS(u_char *, pcap_ether_aton, (const char *text), (text)) \
	PASS(u_char *, pcap_ether_hostton, (const char *name), (name)) \
	PASS(pcap_t *, pcap_fopen_offline, (FILE *from, char *err), (from, err)) \
	PASS(pcap_t *, pcap_fopen_offline_with_tstamp_precision, (FILE *from, u_int precision, char *err), (from, precision, err)) \
	PASSV(pcap_free_datalinks, (int *list), (list)) \
	PASSV(pcap_free_tstamp_types, (int *list), (list)) \
	PASSV(pcap_freecode, (struct bpf_program *f), (f)) \
	PASS(int, pcap_init, (unsigned int options, char *err), (options, err)) \
	PASS(const char *, pcap_lib_version, (void), ()) \
	PASS(char *, pcap_lookupdev, (char *err), (err)) \
	PASS(bpf_u_int32 **, pcap_nametoaddr, (const char *name), (name)) \
	PASS(struct addrinfo *, pcap_nametoaddrinfo, (const char *name), (name)) \
	PASS(int, pcap_nametoeproto, (const char *name), (name)) \
	PASS(int, pcap_nametollc, (const char *name), (name)) \
	PASS(bpf_u_int32, pcap_nametonetaddr, (const char *name), (name)) \
	PASS(int, pcap_nametoport, (const char *name, int *port, int *proto), (name, port, proto)) \
	PASS(int, pcap_nametoportrange, (const char *name, int *first, int *last, int *proto), (name, first, last, proto)) \
	PASS(int, pcap_nametoproto, (const char *name), (name)) \
	PASS(struct pcap_etherent *, pcap_next_etherent, (FILE *from), (from)) \
	PASS(int, pcap_offline_filter, (const struct bpf_program *f, const struct pcap_pkthdr *h, const u_char *d), (f, h, d)) \
	PASS(pcap_t *, pcap_open_dead, (int dlt, int snaplen), (dlt, snaplen)) \
	PASS(pcap_t *, pcap_open_dead_with_tstamp_precision, (int dlt, int snaplen, u_int precision), (dlt, snaplen, precision)) \
	PASS(pcap_t *, pcap_open_offline, (const char *name, char *err), (name, err)) \
	PASS(pcap_t *, pcap_open_offline_with_tstamp_precision, (const char *name, u_int precision, char *err), (name, precision, err)) \
	PASS(const char *, pcap_statustostr, (int status), (status)) \
	PASS(const char *, pcap_strerror, (int error), (error)) \
	PASS(int, pcap_tstamp_type_name_to_val, (const char *name), (name)) \
	PASS(const char *, pcap_tstamp_type_val_to_description, (int type), (type)) \
	PASS(const char *, pcap_tstamp_type_val_to_name, (int type), (type)) \
	SHADOW(int, pcap_compile, (pcap_t *p, struct bpf_program *f, const char *text, int optimize, bpf_u_int32 mask), \
	    (p, f, text, optimize, mask)) \
	SHADOW(int, pcap_datalink, (pcap_t *p), (p)) \
	SHADOW(int, pcap_datalink_ext, (pcap_t *p), (p)) \
	SHADOW(pcap_dumper_t *, pcap_dump_fopen, (pcap_t *p, FILE *to), (p, to)) \
	SHADOW(pcap_dumper_t *, pcap_dump_open, (pcap_t *p, const char *name), (p, name)) \
	SHADOW(pcap_dumper_t *, pcap_dump_open_append, (pcap_t *p, const char *name), (p, name)) \
	SHADOW(FILE *, pcap_file, (pcap_t *p), (p)) \
	SHADOW(int, pcap_is_swapped, (pcap_t *p), (p)) \
	SHADOW(int, pcap_list_datalinks, (pcap_t *p, int **list), (p, list)) \
	SHADOW(int, pcap_list_tstamp_types, (pcap_t *p, int **list), (p, list)) \
	SHADOW(int, pcap_major_version, (pcap_t *p), (p)) \
	SHADOW(int, pcap_minor_version, (pcap_t *p), (p)) \
	SHADOW(int, pcap_set_datalink, (pcap_t *p, int dlt), (p, dlt)) \
	SHADOW(int, pcap_set_immediate_mode, (pcap_t *p, int on), (p, on)) \
	SHADOW(int, pcap_set_promisc, (pcap_t *p, int on), (p, on)) \
	SHADOW(int, pcap_set_protocol_linux, (pcap_t *p, int protocol), (p, protocol)) \
	SHADOW(int, pcap_set_tstamp_type, (pcap_t *p, int type), (p, type)) \
	SHADOW(int, pcap_snapshot, (pcap_t *p), (p)) \
	OWN(pcap_activate) \
	OWN(pcap_breakloop) \
	OWN(pcap_bufsize) \
	OWN(pcap_can_set_rfmon) \
	OWN(pcap_close) \
	OWN(pcap_create) \
	OWN(pcap_dispatch) \
	OWN(pcap_fileno) \
	OWN(pcap_findalldevs) \
	OWN(pcap_freealldevs) \
	OWN(pcap_get_required_select_timeout) \
	OWN(pcap_get_selectable_fd) \
	OWN(pcap_geterr) \
	OWN(pcap_get_tstamp_precision) \
	OWN(pcap_getnonblock) \
	OWN(pcap_inject) \
	OWN(pcap_lookupnet) \
	OWN(pcap_loop) \
	OWN(pcap_next) \
	OWN(pcap_next_ex) \
	OWN(pcap_open_live) \
	OWN(pcap_perror) \
	OWN(pcap_sendpacket) \
	OWN(pcap_set_buffer_size) \
	OWN(pcap_set_rfmon) \
	OWN(pcap_set_snaplen) \
	OWN(pcap_set_timeout) \
	OWN(pcap_set_tstamp_precision) \
	OWN(pcap_setdirection) \
	OWN(pcap_setfilter) \
	OWN(pcap_setnonblock) \
	OWN(pcap_stats)

#endif
