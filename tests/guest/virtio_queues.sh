#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# virtio_queues.sh [QUEUES] [OPTION-OF-RUN.SH...] [TEST...] - a guest with two virtio NICs of QUEUES (4) queues and the driver with hooks
#
# Of QEMU's backends only TAP has several queues and no other program at its end. Two of them are on a bridge of a network namespace that
# goes with the run: so this needs root and /dev/net/tun. Which queue a frame comes to is what the TAP makes of it: that from which the
# NIC sent to this peer last. So frames of one sender can come by another queue than those before, and overtake them: tests that look at
# the order of frames from several rings, as guest/nic_pair, fail here. The NIC has offloads, which a hub of QEMU's has not. Tests:
# guest/nic_forward if none is named.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
if [ -z "${VIRTIO_QUEUES_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] || { echo "skip: needs root: TAP interfaces in a network namespace"; exit 77; }
	[ -e /dev/net/tun ] || { echo "skip: there is no /dev/net/tun"; exit 77; }
	VIRTIO_QUEUES_INSIDE=1 exec unshare -n sh "$0" "$@"
fi
queues=4
case ${1:-} in [1-9]*) queues=$1; shift ;; esac

options=
ip link add hub type bridge mcast_snooping 0 forward_delay 0 || exit 1
ip link set lo up
for end in 1 2; do
	ip tuntap add "end$end" mode tap vnet_hdr multi_queue || exit 1
	echo 1 >"/proc/sys/net/ipv6/conf/end$end/disable_ipv6"
	ip link set "end$end" mtu 9000 txqueuelen 10000 master hub up || exit 1
	options="$options -netdev tap,id=q$end,ifname=end$end,script=no,downscript=no,queues=$queues"
	options="$options -device virtio-net-pci,netdev=q$end,mq=on,vectors=$((2 * queues + 2)),mac=52:54:00:4e:09:0$end,romfile="
done
echo 1 >/proc/sys/net/ipv6/conf/hub/disable_ipv6
ip link set hub up || exit 1
case " $* " in *" guest/"* | *" net/"*) ;; *) set -- "$@" guest/nic_forward ;; esac
# a NIC with one queue is there too, by which the guest gets the driver
"$here/run.sh" --guest stock --drivers virtio_net --nics virtio-net-pci --slow 150 --qemu "$options" "$@"
