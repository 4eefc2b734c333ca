"""The virtual machine: QEMU without KVM, its console in a file, a serial line for results, a socket to pull plugs."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.vm import initramfs
from tests.vm.packages import ROOT, TREE, Parts

Message = dict[str, Any]
CONNECT_S = 20.0


class Machine:
    """One boot. `hear` gets each message of the guest, in a thread of its own; what it returns is sent back, if not None."""

    def __init__(
        self, parts: Parts, folder: Path, hear: Callable[[Message], Message | None], *options: str
    ) -> None:
        self._hear = hear
        self.console = folder / "console.txt"
        archive = folder / "initramfs.gz"
        initramfs.write(parts, archive)
        with (
            _listening(folder / "line") as line,
            _listening(folder / "qmp") as qmp,
            (folder / "qemu.txt").open("wb") as words,
        ):
            self._process = subprocess.Popen(
                [*parts.qemu, *_hardware(parts, archive), *_connections(folder, self.console), *options],
                env=parts.environment, stdin=subprocess.DEVNULL,
                stdout=words, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._line, _ = line.accept()
            self._qmp, _ = qmp.accept()
        self._replies = self._qmp.makefile("r")
        self._replies.readline()  # its greeting
        self.order("qmp_capabilities")
        self._thread = threading.Thread(target=self._serve, name="vm-line", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether QEMU runs."""
        return self._process.poll() is None

    def order(self, command: str, **arguments: object) -> Message:
        """A QMP command; returns its answer. Raises RuntimeError where QEMU refuses."""
        self._qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        for text in self._replies:
            answer: Message = json.loads(text)
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer
        raise RuntimeError(f"{command}: QEMU has ended")

    def close(self) -> None:
        """Switch it off."""
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        self._replies.close()
        for end in (self._line, self._qmp):
            end.close()

    def _serve(self) -> None:
        with self._line.makefile("r", encoding="utf-8", errors="replace") as lines, suppress(OSError):
            for text in lines:
                answer = self._hear(json.loads(text))
                if answer is not None:
                    self._line.sendall(json.dumps(answer).encode() + b"\n")


def _listening(path: Path) -> socket.socket:
    it = socket.socket(socket.AF_UNIX)
    it.settimeout(CONNECT_S)
    it.bind(str(path))
    it.listen(1)
    return it


def _hardware(parts: Parts, archive: Path) -> list[str]:
    """A small PC with a USB controller, and the host's files for it to read. TCG: KVM is not everywhere, and hangs on some."""
    words = f"console=ttyS0 quiet panic=-1 endcap.python={sys.executable} endcap.root={ROOT}"
    return [
        "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024", "-nodefaults", "-no-user-config", "-no-reboot",
        "-display", "none", "-kernel", str(parts.kernel), "-initrd", str(archive), "-append", words,
        *_folder("host", Path("/")), *_folder("own", TREE),
        "-device", "qemu-xhci,id=xhci",
    ]  # fmt: skip


def _folder(tag: str, path: Path) -> list[str]:
    share = f"local,id={tag},path={path},security_model=none,readonly=on,multidevs=remap"
    return ["-fsdev", share, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def _connections(folder: Path, console: Path) -> list[str]:
    return [
        "-serial", f"file:{console}",
        "-chardev", f"socket,id=line,path={folder / 'line'}", "-serial", "chardev:line",
        "-chardev", f"socket,id=qmp,path={folder / 'qmp'}", "-mon", "chardev=qmp,mode=control",
    ]  # fmt: skip
