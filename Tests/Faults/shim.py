"""The disk that the fault tests give a server: storage.c compiled, its control block, and the
machine that loses power: what the journal says was synced stays, the rest by chance.

Standard library only; Python 3.11; gcc.
"""
import mmap
import os
import random
import shutil
import struct
import subprocess
import tempfile

from serving import Server, Unusable

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "storage.c")
SECTOR = 512


def compiled(folder, source=SOURCE):
    """Compiles the shim into the folder; a fault of its own is a trap, not a report."""
    library = os.path.join(folder, os.path.basename(source)[:-2] + ".so")
    subprocess.run(
        ["gcc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
         "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-pthread",
         source, "-o", library, "-ldl"], check=True)
    return library


class Control:
    """The control block: named words that both processes see at once."""

    NAMES = ("sync_passes", "sync_failures", "log_alone", "syncs", "write_odds", "read_odds",
             "sync_odds", "is_full", "failed", "sync_delay_us", "is_normal", "made_normal", "seed",
             "drop_odds", "clock_minutes")

    def __init__(self, path):
        with open(path, "wb") as file:
            file.truncate(4096)
        with open(path, "r+b") as file:
            self.__dict__["words"] = mmap.mmap(file.fileno(), 4096)

    def __getattr__(self, name):
        return struct.unpack_from("<I", self.words, 4 * self.NAMES.index(name))[0]

    def __setattr__(self, name, value):
        # Also what is below zero.
        value &= 0xFFFFFFFF
        struct.pack_into("<I", self.words, 4 * self.NAMES.index(name), value)


class Disk:
    """A folder that servers use through the shim."""

    def __init__(self, folder):
        self.folder = folder
        self.root = os.path.join(folder, "machine")
        os.makedirs(self.root, exist_ok=True)
        self.library = compiled(folder)
        self.control = Control(os.path.join(folder, "control"))

    def environment(self, journal=None):
        added = {"LD_PRELOAD": self.library, "SHIM_ROOT": self.root,
                 "SHIM_CONTROL": os.path.join(self.folder, "control")}
        if journal is not None:
            added["SHIM_JOURNAL"] = journal
        return {**os.environ, **added}


class File:
    """A file of the machine: what is durable, and what was done since."""

    def __init__(self, content=b""):
        self.durable = bytearray(content)
        self.pending = []
        # How many of `pending` the syncs under way will make durable.
        self.syncing = []

    def apply(self, kind, offset, data, chosen=None):
        if kind == Machine.CUT:
            if offset < len(self.durable):
                del self.durable[offset:]
            else:
                self.durable.extend(bytes(offset - len(self.durable)))
            return
        for begin, end in (chosen or [(0, len(data))]):
            if offset + end > len(self.durable):
                self.durable.extend(bytes(offset + end - len(self.durable)))
            self.durable[offset + begin:offset + end] = data[begin:end]

    def make_durable(self, count):
        for kind, offset, data in self.pending[:count]:
            self.apply(kind, offset, data)
        self.forget(count)

    def forget(self, count):
        del self.pending[:count]
        self.syncing = [max(0, other - count) for other in self.syncing]

    def lose(self, chance, count=None):
        """Each of the first so many: dropped, kept, or kept in some of its sectors."""
        lost = 0
        count = len(self.pending) if count is None else count
        # A whole machine's cache is written back more or less: the mood of this loss.
        mood = chance.random()
        for kind, offset, data in self.pending[:count]:
            luck = chance.random()
            if luck < mood * 0.5:
                lost += 1
            elif luck < 0.5 + mood * 0.25 or kind == Machine.CUT:
                self.apply(kind, offset, data)
            else:
                chosen = [part for part in sectors(offset, len(data)) if chance.random() < 0.5]
                lost += 1
                if chosen:
                    self.apply(kind, offset, data, chosen)
        self.forget(count)
        return lost


def sectors(offset, length):
    """The parts of a write that the disk takes one by one."""
    begin = 0
    while begin < length:
        end = min(length, begin + SECTOR - (offset + begin) % SECTOR)
        yield begin, end
        begin = end


class Machine:
    """What a journal says of the folder below `root`."""

    MADE, WRITTEN, CUT, SYNCING, SYNCED, SYNC_FAILED, RENAMED, REMOVED, FOLDER = range(1, 10)
    RECORD = struct.Struct("<IIQQ")

    def __init__(self, root, chance):
        self.root = root
        self.chance = chance
        self.figures = {"writes lost or torn": 0, "names lost": 0, "syncs": 0}
        # By name below the root, "" the root itself: a File, or None for a folder.
        self.names = {}
        self.durable_names = {}
        self.unsynced_names = []
        self.files = {}
        self.folders = {}
        for path, folders, files in os.walk(root):
            name = path[len(root):]
            self.folders[os.stat(path).st_ino] = name
            self.durable_names[name] = None
            for file in files:
                whole = os.path.join(path, file)
                if file.endswith("-shm") or not os.path.isfile(whole):
                    continue
                with open(whole, "rb") as opened:
                    content = File(opened.read())
                self.files[os.stat(whole).st_ino] = content
                self.durable_names[name + "/" + file] = content
        self.names = dict(self.durable_names)

    def read(self, path):
        with open(path, "rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            journal = file.read(size)
        place = 0
        while place < size:
            kind, length, inode, offset = self.RECORD.unpack_from(journal, place)
            place += self.RECORD.size
            self.take(kind, inode, offset, journal[place:place + length])
            place += (length + 7) & ~7

    def take(self, kind, inode, offset, data):
        if kind in (self.MADE, self.FOLDER):
            made = File() if kind == self.MADE else None
            if kind == self.MADE:
                self.files[inode] = made
            else:
                self.folders[inode] = data.decode()
            self.named({data.decode(): made})
        elif kind == self.RENAMED:
            source, target = data.decode().split("\0")
            self.named({target: self.names.get(source), source: "gone"})
        elif kind == self.REMOVED:
            self.named({data.decode(): "gone"})
        elif inode in self.folders:
            self.sync_folder(kind, self.folders[inode])
        elif inode in self.files:
            self.take_file(self.files[inode], kind, offset, data)

    def take_file(self, file, kind, offset, data):
        if kind in (self.WRITTEN, self.CUT):
            file.pending.append((kind, offset, data))
        elif kind == self.SYNCING:
            file.syncing.append(len(file.pending))
        elif file.syncing:
            count = file.syncing.pop(0)
            self.figures["syncs"] += 1
            if kind == self.SYNCED:
                file.make_durable(count)
            else:
                # What a failed sync was to write may have come to the disk or not, and no later
                # sync writes it again.
                self.figures["writes lost or torn"] += file.lose(self.chance, count)

    def named(self, change):
        for name, what in change.items():
            if what == "gone":
                self.names.pop(name, None)
            else:
                self.names[name] = what
        self.unsynced_names.append(change)

    def sync_folder(self, kind, folder):
        if kind != self.SYNCED:
            return
        left = []
        for change in self.unsynced_names:
            if any(name.rpartition("/")[0] == folder for name in change):
                self.keep_names(change)
            else:
                left.append(change)
        self.unsynced_names = left

    def keep_names(self, change):
        for name, what in change.items():
            if what == "gone":
                self.durable_names.pop(name, None)
            else:
                self.durable_names[name] = what

    def lose_power(self):
        """Leaves the folder as the disk has it after the loss."""
        for change in self.unsynced_names:
            if self.chance.random() < 0.5:
                self.keep_names(change)
            else:
                self.figures["names lost"] += 1
        for entry in os.listdir(self.root):
            whole = os.path.join(self.root, entry)
            shutil.rmtree(whole) if os.path.isdir(whole) else os.unlink(whole)
        for name, file in sorted(self.durable_names.items()):
            whole = self.root + name
            if not os.path.isdir(os.path.dirname(whole)):
                continue
            if file is None:
                os.makedirs(whole, 0o700, exist_ok=True)
                continue
            self.figures["writes lost or torn"] += file.lose(self.chance)
            with open(os.open(whole, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as opened:
                opened.write(file.durable)


class PoweredServer(Server):
    """A server on a machine whose power goes when it is killed."""

    JOURNAL = 512 << 20

    def __init__(self, command, disk, seed):
        super().__init__(command)
        self.disk = disk
        self.chance = random.Random(seed)
        self.machine = None
        place = "/dev/shm" if self._has_room("/dev/shm") else disk.folder
        self.journals = tempfile.mkdtemp(prefix="mentalmuse-journal-", dir=place)
        self.figures = {}

    def _has_room(self, path):
        try:
            facts = os.statvfs(path)
        except OSError:
            return False
        return facts.f_bavail * facts.f_frsize > 2 * self.JOURNAL

    def spawn(self):
        self.machine = Machine(self.disk.root, self.chance)
        journal = os.path.join(self.journals, "journal")
        with open(journal, "wb") as file:
            file.truncate(self.JOURNAL)
        self.environment = self.disk.environment(journal)
        return super().spawn()

    def kill(self):
        """The power goes."""
        if self.process is None or self.process.poll() is not None:
            raise Unusable("the server had ended by itself:\n" + "\n".join(self.log))
        super().kill()
        self.machine.read(os.path.join(self.journals, "journal"))
        self.machine.lose_power()
        for name, count in self.machine.figures.items():
            self.figures[name] = self.figures.get(name, 0) + count

    def dispose(self):
        if self.process is not None and self.process.poll() is None:
            super().kill()
        shutil.rmtree(self.journals, ignore_errors=True)
