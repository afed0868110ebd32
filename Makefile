# SPDX-License-Identifier: BSD-2-Clause
# make                 library, engine and tools; netmap.ko too if the running kernel's headers are there
# make KSRC=/path      the same, the module for that kernel    make user | make module    only one of the two
# make install         what was built (DESTDIR, PREFIX, LIBDIR, INSTALL_MOD_PATH); make modules_install: the module only
# make install_system  udev rule, module list and service, for use by the group netmap
# make dkms_source     the module's source into /usr/src, for dkms
# make KSRC=/path/to/linux-source drivers    the module, and NIC drivers with hooks (DRIVERS, KHEADERS); part of make KSRC=...
# make apps            the tools alone
# make check           unit tests                         make SAN=address,undefined | SAN=thread
# make bench           what bench/run.sh needs            make pcap    libpcap over netmap, and netmap-pcap; make -C pcap demo
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BUILD ?= build
# One name for a folder, however it was written: what -MMD notes is by that name.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
CC ?= cc
OPT ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers
SAN ?=
ifneq ($(SAN),)
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer
endif
INC := -Iinclude -Icore -Ios/user -Iengine -Ilib -Itools/lib
CFLAGS_ALL := -std=gnu11 -D_GNU_SOURCE $(OPT) $(WARN) $(SANFLAGS) $(INC) -MMD -MP $(CPPFLAGS) $(CFLAGS)
LDFLAGS_ALL := $(SANFLAGS) $(LDFLAGS)

sources = $(filter-out %_test.c,$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/$(2)/%.o,$(1))

CORE := $(call sources,core)
OSUSER := $(call sources,os/user)
ENGINE := $(call sources,engine)
LIB := $(call sources,lib) core/nm_ctl_size.c
TOOLLIB := $(call sources,tools/lib)
PCAP := $(filter-out pcap/netmap-pcap.c,$(call sources,pcap))
TOOLS := $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))

ENGINE_OBJ := $(call objects,$(CORE) $(OSUSER) $(filter-out engine/main.c,$(ENGINE)),engine)
CORE_OBJ := $(call objects,$(CORE),engine)
LIB_OBJ := $(call objects,$(LIB),pic)
TOOLLIB_OBJ := $(call objects,$(TOOLLIB),tool)
TOOLLIB_A := $(BUILD)/tool/tools.a
ENGINE_LIBS := -lurcu-qsbr -lbpf -lpthread
TOOL_LIBS := -ljson-c -lpcap -lpthread -lm -ldl

# The module is a part of "all" where the running kernel's build folder is, and for the one that was asked for.
VERSION := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' os/linux/nm_dev.c)
KSRC ?= /lib/modules/$(shell uname -r)/build
KSRC_GIVEN := $(filter-out file,$(origin KSRC))
# NIC drivers are for who has the kernel's source. Modules are built with KHEADERS: KSRC itself, if it is configured.
KSRC_DRIVERS := $(if $(KSRC_GIVEN),$(wildcard $(KSRC)/drivers/net/ethernet/intel/e1000/e1000_main.c))
KHEADERS ?= $(or $(if $(wildcard $(KSRC)/include/config/auto.conf),$(KSRC)),$(if $(KSRC_DRIVERS),$(wildcard /lib/modules/$(shell uname -r)/build)),$(KSRC))

.PHONY: FORCE all user apps engine lib tools bare pcap bench check guest-programs nic-model nic-hostile nullos module no_module drivers drivers_check no_drivers no_coccinelle \
	modules_install dkms_source install install_system clean
all: user $(if $(KSRC_GIVEN)$(wildcard $(KSRC)/Makefile),module,no_module)
ifneq ($(KSRC_GIVEN),)
all: $(if $(KSRC_DRIVERS),$(if $(shell command -v spatch),drivers,no_coccinelle),no_drivers)
endif
user: engine lib tools pcap
apps: tools

engine: $(if $(wildcard engine/main.c),$(BUILD)/netmapd)
lib: $(if $(wildcard lib/*.c),$(BUILD)/libnetmap.a $(BUILD)/libnetmap.so $(BUILD)/libnetmap-preload.so)
tools: $(TOOLS:%=$(BUILD)/%)

$(BUILD)/engine/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNM_OS_NO_RCU -fPIC -c -o $@ $<
$(BUILD)/tool/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/netmapd: $(ENGINE_OBJ) $(BUILD)/engine/engine/main.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(ENGINE_LIBS)
$(BUILD)/libnetmap.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/libnetmap.so.1: $(LIB_OBJ) lib/libnetmap.map
	$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libnetmap.so.1 -Wl,--version-script=lib/libnetmap.map -o $@ $(LIB_OBJ) -lpthread -ldl
$(BUILD)/libnetmap.so: $(BUILD)/libnetmap.so.1
	ln -sf libnetmap.so.1 $@

# What stands before the C library, for programs that were not linked with it (netmap-run); and, for tests and benchmarks, the library
# without that, whose programs have the device only.
SHIM_OBJ := $(filter $(BUILD)/pic/lib/nm_shim% $(BUILD)/pic/core/%,$(LIB_OBJ))
$(BUILD)/libnetmap-preload.so: $(SHIM_OBJ) lib/preload.map
	$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libnetmap-preload.so -Wl,--version-script=lib/preload.map -o $@ $(SHIM_OBJ) -lpthread -ldl
$(BUILD)/libnetmap-bare.a: $(filter-out $(SHIM_OBJ),$(LIB_OBJ))
	@rm -f $@
	$(AR) rcs $@ $^

# What tools share is an archive, so that only who reads pcap files is linked with libpcap.
$(TOOLLIB_A): $(TOOLLIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

define tool_rule
$(BUILD)/$(1): $$(call objects,$$(call sources,tools/$(1)),tool) $(TOOLLIB_A) $(BUILD)/libnetmap.a
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(TOOL_LIBS)
endef
$(foreach t,$(filter-out netmap-run,$(TOOLS)),$(eval $(call tool_rule,$(t))))

# Tools that have the device only: what tests and benchmarks run by netmap-run, and compare with the tools.
define bare_rule
$(BUILD)/bare/$(1): $$(call objects,$$(call sources,tools/$(1)),tool) $(TOOLLIB_A) $(BUILD)/libnetmap-bare.a
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(TOOL_LIBS)
endef
BARE_TOOLS := $(filter-out netmap-run,$(TOOLS))
$(foreach t,$(BARE_TOOLS),$(eval $(call bare_rule,$(t))))
bare: user $(BARE_TOOLS:%=$(BUILD)/bare/%) $(BUILD)/libnetmap-bare.a

# netmap-run becomes the program: it needs no library, but has to know where the installed one will be.
RUN_OBJ := $(call objects,$(call sources,tools/netmap-run) tools/lib/opt.c tools/lib/out.c,tool)
$(BUILD)/netmap-run: $(RUN_OBJ)
	$(CC) $(LDFLAGS_ALL) -o $@ $^
$(BUILD)/tool/tools/netmap-run/%.o: tools/netmap-run/%.c $(BUILD)/libdir
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNETMAP_LIBDIR='"$(LIBDIR)"' -c -o $@ $<
$(BUILD)/libdir: FORCE
	@mkdir -p $(@D); echo '$(LIBDIR)' | cmp -s - $@ || echo '$(LIBDIR)' >$@

# libpcap over netmap exports what the system's library exports, which it loads by its path. Who installs it elsewhere says LIBPCAP=.
LIBPCAP ?= $(shell $(CC) -print-file-name=libpcap.so.0.8)
override LIBPCAP := $(realpath $(dir $(LIBPCAP)))/$(notdir $(LIBPCAP))
PCAP_DIR = $(LIBDIR)/netmap/pcap
pcap: $(BUILD)/pcap/libpcap.so.0.8 $(BUILD)/netmap-pcap
$(BUILD)/pcap/exports.map: $(LIBPCAP) pcap/symbols.sh Makefile
	@mkdir -p $(@D)
	sh pcap/symbols.sh $(LIBPCAP) map | sed 's/global:/& ioctl;/' >$@
$(BUILD)/pcap/np_data.h: $(LIBPCAP) pcap/symbols.sh
	@mkdir -p $(@D)
	sh pcap/symbols.sh $(LIBPCAP) data >$@
$(if $(wildcard $(LIBPCAP)),,$(LIBPCAP)):
	@echo "there is no libpcap.so.0.8 here, which libpcap over netmap stands before: install libpcap0.8, or say LIBPCAP=/path/to/it" >&2; exit 1
$(BUILD)/pic/pcap/np_sys.o: $(BUILD)/pcap/np_data.h
$(BUILD)/pic/pcap/%.o: CFLAGS_ALL += -I$(BUILD)/pcap -DNP_SYSTEM_LIBPCAP='"$(LIBPCAP)"'
# its own ioctl stands before the library's
$(BUILD)/pcap/nm_shim_ioctl.o: lib/nm_shim_ioctl.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNM_OS_NO_RCU -Dioctl=nm_shim_ioctl_call -fPIC -c -o $@ $<
PCAP_OBJ := $(call objects,$(PCAP),pic) $(BUILD)/pcap/nm_shim_ioctl.o $(filter-out %/nm_shim_ioctl.o,$(LIB_OBJ))
$(BUILD)/pcap/libpcap.so.0.8: $(PCAP_OBJ) $(BUILD)/pcap/exports.map
	$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libpcap.so.0.8 -Wl,-Bsymbolic-functions -Wl,--version-script=$(BUILD)/pcap/exports.map -o $@ $(filter %.o,$^) -lpthread -ldl
$(BUILD)/tool/pcap/netmap-pcap.o: CFLAGS_ALL += -DNP_LIBRARY_DIR='"$(PCAP_DIR)"' -DNP_VERSION='"$(VERSION)"'
# which says where the library will be, so it is made anew when that changes
$(BUILD)/tool/pcap/netmap-pcap.o: $(BUILD)/pcap/dir
$(BUILD)/pcap/dir: FORCE
	@mkdir -p $(@D)
	@echo '$(PCAP_DIR)' | cmp -s - $@ || echo '$(PCAP_DIR)' >$@
FORCE:
$(BUILD)/netmap-pcap: $(BUILD)/tool/pcap/netmap-pcap.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^

# Programs of the benchmarks, which bench/run.sh runs.
BENCH := $(filter-out bench/cpus.c,$(wildcard bench/*.c))
bench: user bare $(BENCH:%.c=$(BUILD)/%)
$(BUILD)/bench/sync: bench/sync.c $(CORE_OBJ) $(call objects,$(OSUSER),engine)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(ENGINE_LIBS)
$(BUILD)/bench/pcap_rx: bench/pcap_rx.c bench/cpus.c $(wildcard bench/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) -lpcap
$(BUILD)/bench/%: bench/%.c bench/cpus.c $(wildcard bench/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) -lpthread

# A test is a program beside the code: core/x_test.c, drivers/*/x_test.c run on the core with the host of tests/unit, engine/x_test.c on
# the engine's objects, lib/x_test.c on the library, tools/t/x_test.c on the tool's objects without its main.
TESTS := $(wildcard core/*_test.c drivers/*/*_test.c os/user/*_test.c engine/*_test.c lib/*_test.c tools/*/*_test.c pcap/*_test.c)
ifneq ($(SAN),) # a sanitizer's runtime intercepts open, poll and ioctl itself, before the library can
TESTS := $(filter core/% drivers/% os/user/% engine/%,$(TESTS))
endif
# Programs that know the device only, lib/app_x_test.c and others, once more without the library's calls: netmap-run serves them.
RUN_TESTS := $(filter lib/app_%_test.c lib/netmap_app_test.c,$(TESTS))
TEST_BIN := $(TESTS:%.c=$(BUILD)/test/%) $(RUN_TESTS:%.c=$(BUILD)/test/run/%)

.SECONDEXPANSION:
$(BUILD)/test/core/%: core/%.c $(CORE_OBJ) tests/unit/host.c tests/unit/numbered.c tests/unit/host.h tests/unit/numbered.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c %.o,$^) -lcmocka $(ENGINE_LIBS)
$(BUILD)/test/drivers/%: drivers/%.c $(wildcard drivers/*.h drivers/*/*.h) $(CORE_OBJ) $(wildcard tests/unit/nic*.[ch]) tests/unit/host.c tests/unit/host.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -fno-strict-aliasing -Wno-unused-parameter -I. -Itests/unit $(LDFLAGS_ALL) -o $@ $< tests/unit/nic_bed.c tests/unit/nic_offsets.c tests/unit/host.c $(CORE_OBJ) -lcmocka $(ENGINE_LIBS)
$(BUILD)/test/os/user/% $(BUILD)/test/engine/%: $$(patsubst $(BUILD)/test/$$(PERCENT),$$(PERCENT),$$@).c $(ENGINE_OBJ) $(BUILD)/netmapd tests/unit/raw_client.c tests/unit/raw_client.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/unit $(LDFLAGS_ALL) -o $@ $< tests/unit/raw_client.c $(ENGINE_OBJ) -lcmocka $(ENGINE_LIBS)
$(BUILD)/test/lib/%: lib/%.c $(BUILD)/libnetmap.a $(BUILD)/netmapd tests/unit/own_engine.c tests/unit/app_port.c tests/unit/own_engine.h tests/unit/app_port.h tests/unit/said.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNM_OS_NO_RCU -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) $(BUILD)/libnetmap.a -lcmocka -lpthread -ldl
$(BUILD)/test/run/lib/%: lib/%.c $(BUILD)/libnetmap-bare.a $(BUILD)/libnetmap-preload.so $(BUILD)/netmap-run $(BUILD)/netmapd tests/unit/own_engine.c tests/unit/app_port.c tests/unit/own_engine.h tests/unit/app_port.h tests/unit/said.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) $(BUILD)/libnetmap-bare.a -lcmocka -lpthread
$(BUILD)/test/tools/%: tools/%.c tests/unit/cmdline.h tests/unit/said.h $(BUILD)/libnetmap.a $(TOOLLIB_A) $$(filter-out $$(PERCENT)/main.o,$$(call objects,$$(call sources,$$(patsubst $$(PERCENT)/,$$(PERCENT),$$(dir tools/$$*))),tool))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/unit $(LDFLAGS_ALL) -o $@ $< $(filter %.o,$^) $(TOOLLIB_A) $(BUILD)/libnetmap.a -lcmocka $(TOOL_LIBS)
# linked with the library as programs of the system's are: by its name, here with the folder to find it in
$(BUILD)/test/pcap/%: pcap/%.c pcap/np_bed.h $(BUILD)/pcap/libpcap.so.0.8 $(BUILD)/netmapd tests/unit/own_engine.c tests/unit/own_engine.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNP_SYSTEM_LIBPCAP='"$(LIBPCAP)"' -Itests/unit $(LDFLAGS_ALL) -Wl,-rpath,$(abspath $(BUILD))/pcap -o $@ $(filter %.c,$^) $(BUILD)/pcap/libpcap.so.0.8 -lcmocka -lpthread -ldl
PERCENT := %

# Longer tests, each a program of its own: see the head of each main file.
FAULT := $(wildcard tests/fault/*.c)
$(BUILD)/test/fault/fault: $(FAULT) tests/fault/bed.h tests/unit/raw_client.c tests/unit/raw_client.h $(BUILD)/libnetmap.a $(BUILD)/netmapd $(BUILD)/pkt-gen $(BUILD)/bridge
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNM_OS_NO_RCU -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) $(BUILD)/libnetmap.a -lpthread -ldl

BED := tests/fault/bed.c tests/fault/cgroup.c tests/unit/raw_client.c
HOSTILE := $(wildcard tests/hostile/*.c)
$(BUILD)/test/hostile/hostile: $(HOSTILE) $(BED) tests/hostile/attack.h tests/hostile/scribble.h tests/fault/bed.h tests/unit/raw_client.h $(BUILD)/netmapd
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DNM_OS_NO_RCU -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) -lpthread

# Programs that run in a guest, on /dev/netmap itself; with 32 also in the form of 32 bits, whose libraries a guest lacks.
GUEST_PROG := $(filter-out %/dev.c,$(wildcard tests/guest/prog/*.c))
GUEST_DEP := tests/guest/prog/dev.c tests/hostile/scribble.c tests/guest/devices/frame.c tests/guest/prog/dev.h tests/hostile/scribble.h tests/guest/devices/frame.h include/net/netmap.h
guest-programs: $(GUEST_PROG:tests/guest/prog/%.c=$(BUILD)/guest/%) $(BUILD)/guest/exchange32 $(BUILD)/guest/np_select_test
# a test of the engine too; whoever runs it in a guest says where the library is
$(BUILD)/guest/np_select_test: $(BUILD)/test/pcap/np_select_test
	@mkdir -p $(@D)
	cp $< $@
$(BUILD)/guest/%: tests/guest/prog/%.c $(GUEST_DEP)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/hostile $(LDFLAGS_ALL) -o $@ $(filter %.c,$^) -lpthread
$(BUILD)/guest/%32: tests/guest/prog/%.c $(GUEST_DEP)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(OPT) $(WARN) -m32 -static -Iinclude -Itests/hostile -o $@ $(filter %.c,$^) -lpthread

# NICs that QEMU lacks: see tests/guest/devices/README.md.
NIC_MODEL := $(wildcard tests/guest/devices/*.c)
nic-model: $(BUILD)/nic-model
nic-hostile: $(BUILD)/nic-hostile
$(BUILD)/devices/%.o: tests/guest/devices/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(BUILD)/nic-hostile: tests/guest/devices/t/hostile.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<
$(BUILD)/nic-model: $(NIC_MODEL:tests/guest/devices/%.c=$(BUILD)/devices/%.o)
	$(CC) $(LDFLAGS_ALL) -o $@ $^

$(BUILD)/test/race/race: tests/race/race.c tests/unit/raw_client.c tests/unit/raw_client.h $(ENGINE_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Itests/unit $(LDFLAGS_ALL) -o $@ $(filter %.c %.o,$^) $(ENGINE_LIBS)

# Fuzz targets: see tests/fuzz/run.sh, which builds and runs them.
FUZZ_CC = @mkdir -p $(@D); $(CC) $(CFLAGS_ALL) -Itests/unit -Itools/pkt-gen -fsanitize=fuzzer -o $@ $(filter %.c %.o %.a,$^)
$(BUILD)/test/fuzz/ctl: tests/fuzz/fuzz_ctl.c $(ENGINE_OBJ)
	$(FUZZ_CC) $(ENGINE_LIBS)
$(BUILD)/test/fuzz/names: tests/fuzz/fuzz_names.c tests/unit/host.c $(CORE_OBJ) $(BUILD)/libnetmap.a
	$(FUZZ_CC) -lcmocka $(ENGINE_LIBS) -ldl
$(BUILD)/test/fuzz/rings: tests/fuzz/fuzz_rings.c tests/unit/host.c $(CORE_OBJ)
	$(FUZZ_CC) -lcmocka $(ENGINE_LIBS)
$(BUILD)/test/fuzz/vnet: tests/fuzz/fuzz_vnet.c $(call objects,core/nm_vnet.c core/nm_gso.c,engine)
	$(FUZZ_CC)
$(BUILD)/test/fuzz/pcap: tests/fuzz/fuzz_pcap.c $(BUILD)/tool/tools/lib/pcapfile.o
	$(FUZZ_CC) -lpcap

check: user $(TEST_BIN)
	sh scripts/run-tests.sh $(TEST_BIN)

# The core without any system header proves that it asks for nothing but nm_os.h.
NULLOS := $(patsubst core/%.c,$(BUILD)/nullos/%.o,$(CORE))
nullos: $(NULLOS)
$(BUILD)/nullos/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(OPT) $(WARN) -ffreestanding -nostdinc -DNETMAP_NO_SYSTEM_HEADERS -Itests/null_os -Iinclude -Icore -c -o $@ $<

# The kernel's build writes beside the sources it is given, so it gets a folder of links; one for each kernel, MODDIR. Which
# kernel that was is kept in MODDIR/ksrc. KFLAGS are for its make. So are all variables of "make module"; not those of plain
# "make", since they are for our own part, and a kernel wants the compiler it was built with.
MODDIR ?= $(BUILD)/module
MODULE_SRC := $(CORE) $(wildcard core/*.h include/net/*.h os/linux/*.h os/linux/*.c drivers/*.h)
KFREE = $(if $(filter module,$(MAKECMDGOALS)),,MAKEFLAGS="$${MAKEFLAGS%% -- *}")
KMAKE = $(KFREE) $(MAKE) -C $(1) M=$(abspath $(MODDIR)) $(KFLAGS)
module: | $(if $(filter drivers,$(MAKECMDGOALS)),drivers_check)
	@test -e $(KHEADERS)/Makefile || { echo "there is no kernel build folder $(KHEADERS): install linux-headers-$$(uname -r), or say KSRC=/path/to/kernel" >&2; exit 1; }
	@test -e $(KHEADERS)/include/config/auto.conf || { echo "the kernel in $(KHEADERS) is not configured: build it first, or say KSRC=/path/to/its/build/folder" >&2; exit 1; }
	@sh scripts/window.sh $(KHEADERS) >/dev/null
	@mkdir -p $(MODDIR)/core $(MODDIR)/include/net $(MODDIR)/os/linux $(MODDIR)/drivers
	@find $(MODDIR) -xtype l -delete
	@for f in $(MODULE_SRC); do ln -sf $(CURDIR)/$$f $(MODDIR)/$$f; done
	@ln -sf $(CURDIR)/os/linux/Kbuild $(MODDIR)/Kbuild
	@rm -f $(MODDIR)/ksrc
	+$(call KMAKE,$(KHEADERS)) modules || { echo "netmap.ko was not built for $(KHEADERS), see above; make user builds all else" >&2; exit 1; }
	@echo $(abspath $(KHEADERS)) >$(MODDIR)/ksrc

# NIC drivers from the kernel's source, with hooks for netmap.ko: see docs/DRIVERS.md.
DRIVERS ?= $(patsubst drivers/%/driver.conf,%,$(wildcard drivers/*/driver.conf))
drivers: module
	@$(KFREE) KMAKE="$(MAKE) $(KFLAGS)" sh drivers/build.sh $(KSRC) $(KHEADERS) $(abspath $(MODDIR)) $(abspath $(BUILD))/drivers $(DRIVERS)
drivers_check:
	@sh drivers/build.sh --check $(KSRC) $(KHEADERS) $(DRIVERS)
no_drivers: module
	@echo "NIC drivers are not built: native drivers need the kernel's source, which $(KSRC) is not: apt-get install linux-source-$$(sh scripts/window.sh $(KSRC) 2>/dev/null), unpack it from /usr/src, and make KSRC=/path/to/it KHEADERS=$(KHEADERS) drivers"
no_coccinelle: module
	@echo "NIC drivers are not built: their hooks are put in by Coccinelle: apt-get install coccinelle"

no_module:
	@echo "netmap.ko is not built: there is no $(KSRC), which linux-headers-$$(uname -r) would give; all else needs no module"

# A kernel's headers come without System.map, and then its modules_install leaves depmod out. In a DESTDIR it is for the
# package that is made there to do.
INSTALL_MOD_PATH ?= $(DESTDIR)
modules_install:
	@test -e $(MODDIR)/ksrc || { echo "there is no $(MODDIR)/netmap.ko to install: make module first" >&2; exit 1; }
	@k=$$(cat $(MODDIR)/ksrc); $(if $(KSRC_GIVEN),[ "$$k" = "$(abspath $(KHEADERS))" ] || \
		{ echo "$(MODDIR)/netmap.ko was built for $$k: make module KSRC=$(KSRC) first" >&2; exit 1; },:)
	k=$$(cat $(MODDIR)/ksrc) && $(call KMAKE,$$k) INSTALL_MOD_PATH=$(INSTALL_MOD_PATH) modules_install && \
	$(if $(DESTDIR),:,PATH="$$PATH:/usr/sbin:/sbin" && depmod $(INSTALL_MOD_PATH:%=-b %) $$(modinfo -F vermagic $(MODDIR)/netmap.ko | cut -d' ' -f1))

DKMS_DIR := $(DESTDIR)/usr/src/netmap-$(VERSION)
dkms_source:
	install -d $(DKMS_DIR)/core $(DKMS_DIR)/include/net $(DKMS_DIR)/os/linux $(DKMS_DIR)/drivers
	for f in $(MODULE_SRC); do install -m 644 $$f $(DKMS_DIR)/$$f || exit 1; done
	install -m 644 os/linux/Kbuild LICENSE $(DKMS_DIR)/
	sed 's|@VERSION@|$(VERSION)|' packaging/dkms/dkms.conf.in >$(DKMS_DIR)/dkms.conf

install: user
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/net
	install -d $(DESTDIR)$(PREFIX)/share/man/man3 $(DESTDIR)$(PREFIX)/share/man/man4 $(DESTDIR)$(PREFIX)/share/man/man8
	for t in $(TOOLS); do install $(BUILD)/$$t $(DESTDIR)$(PREFIX)/bin/ || exit 1; done
	install $(BUILD)/netmapd $(DESTDIR)$(PREFIX)/sbin/
	install $(BUILD)/netmap-pcap $(DESTDIR)$(PREFIX)/bin/
	install -d $(DESTDIR)$(PCAP_DIR)
	install -m 644 $(BUILD)/pcap/libpcap.so.0.8 $(DESTDIR)$(PCAP_DIR)/
	install -m 644 $(BUILD)/libnetmap.a $(DESTDIR)$(LIBDIR)/
	install -m 644 $(BUILD)/libnetmap.so.1 $(DESTDIR)$(LIBDIR)/
	ln -sf libnetmap.so.1 $(DESTDIR)$(LIBDIR)/libnetmap.so
	install -d $(DESTDIR)$(LIBDIR)/netmap
	install -m 644 $(BUILD)/libnetmap-preload.so $(DESTDIR)$(LIBDIR)/netmap/
	install -m 644 include/libnetmap.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 include/net/*.h $(DESTDIR)$(PREFIX)/include/net/
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|' lib/libnetmap.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/libnetmap.pc
	for m in $(wildcard man/*.3); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man3/ || exit 1; \
		for n in $$(sed -n '/^\.Sh NAME/,/^\.Sh LIB/s/^\.Nm \([a-z_]*\).*/\1/p' $$m); do \
			[ $$n.3 = $${m#man/} ] || ln -sf $${m#man/} $(DESTDIR)$(PREFIX)/share/man/man3/$$n.3; done; done
	for m in $(wildcard man/*.4); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man4/ || exit 1; done
	for m in $(wildcard tools/*/*.8 engine/*.8 pcap/*.8); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man8/ || exit 1; done
	$(if $(DESTDIR),,test $$(id -u) -ne 0 || PATH="$$PATH:/usr/sbin:/sbin" ldconfig)
	@if test -e $(MODDIR)/ksrc; then $(MAKE) --no-print-directory modules_install; else echo "no netmap.ko was built, so none is installed"; fi

# Who may use the module and the system's engine: see the README. Nothing is started.
install_system:
	install -d $(DESTDIR)$(PREFIX)/lib/udev/rules.d $(DESTDIR)$(PREFIX)/lib/modules-load.d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 packaging/system/60-netmap.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/
	install -m 644 packaging/system/netmap.conf $(DESTDIR)$(PREFIX)/lib/modules-load.d/
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' packaging/system/netmapd.service.in >$(DESTDIR)$(PREFIX)/lib/systemd/system/netmapd.service

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
