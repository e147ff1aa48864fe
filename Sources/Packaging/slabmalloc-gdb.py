"""Commands of slabmalloc for gdb: which slab, size class, slot and state an address has, in a process or a core file.

    (gdb) source /usr/local/share/slabmalloc/slabmalloc-gdb.py
    (gdb) slabmalloc where pointer
    0x7f0012345680: live; byte 0 of slot 173 of 512, size class 128, in the slab at 0x7f0012340000, 65536 bytes, 40 live
    (gdb) slabmalloc where node->next "array + 5"
    (gdb) print $slabmalloc_state(pointer)
    $1 = "live"
    (gdb) break free if $_streq($slabmalloc_state($rdi), "free")

The tool `slabmalloc` looks, from outside: the process runs no code for it, and its heaps may be damaged. The tool is
the one that was installed with this file, the one of `set slabmalloc-tool PATH`, or the one in PATH.
"""
import json
import os
import re
import shutil
import subprocess

import gdb


class Tool(gdb.Parameter):
    """The tool slabmalloc; if it is not set, the one that was installed with this file, or the one in PATH."""

    set_doc = "Set the path of the tool slabmalloc."
    show_doc = "Show the path of the tool slabmalloc."

    def __init__(self):
        super().__init__("slabmalloc-tool", gdb.COMMAND_SUPPORT, gdb.PARAM_OPTIONAL_FILENAME)
        self.value = ""

    # Without this gdb prints a line for each change.
    def get_set_string(self):
        return ""

    def get_show_string(self, value):
        return f"The tool is {path()}."


setting = Tool()
beside = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../bin/slabmalloc")


def path():
    found = setting.value or (beside if os.access(beside, os.X_OK) else shutil.which("slabmalloc"))
    if not found:
        raise gdb.GdbError("the tool slabmalloc is not in PATH: set slabmalloc-tool")
    return found


def source():
    """What the tool takes for the program that gdb looks at: a number of a process, or the path of a core file."""
    inferior = gdb.selected_inferior()
    connection = inferior.connection
    if inferior.pid == 0 or connection is None:
        raise gdb.GdbError("there is no process and no core file")
    if connection.type == "core":
        found = re.search(r"core dump file:\n\s*`(.*)', file type", gdb.execute("info files", to_string=True))
        if not found:
            raise gdb.GdbError("gdb does not say which core file it reads")
        # A path of digits alone would be a process.
        return os.path.join(os.path.dirname(found[1]) or ".", os.path.basename(found[1]))
    if connection.type != "native":
        raise gdb.GdbError(f"the process is on another machine ({connection.type})")
    return str(inferior.pid)


def run(*words):
    """What the tool prints. It has a status of its own where an address is in no heap, which is no error here."""
    try:
        result = subprocess.run([path(), *words], capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise gdb.GdbError(f"{path()}: {error.strerror}") from error
    if result.returncode not in (0, 1) or not result.stdout:
        raise gdb.GdbError(result.stderr.strip() or f"{path()} ends with status {result.returncode}")
    return result.stdout


def address(value):
    return hex(int(value.cast(gdb.lookup_type("unsigned long"))))


class Slabmalloc(gdb.Command):
    """Look into the heaps of slabmalloc: where, stat, heap, leaks."""

    def __init__(self):
        super().__init__("slabmalloc", gdb.COMMAND_DATA, prefix=True)


class Where(gdb.Command):
    """slabmalloc where EXPRESSION...: which slab, size class, slot and state each address has.
    Expressions are separated by spaces; one that has spaces stands in quotes."""

    def __init__(self):
        super().__init__("slabmalloc where", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not words:
            raise gdb.GdbError("it takes the expression of an address")
        gdb.write(run("where", source(), *(address(gdb.parse_and_eval(word)) for word in words)))


class View(gdb.Command):
    """A command of the tool for the program that gdb looks at."""

    def __init__(self, name, doc):
        self.__doc__ = doc
        self.name = name
        super().__init__(f"slabmalloc {name}", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        gdb.write(run(self.name, *gdb.string_to_argv(argument), source()))


class State(gdb.Function):
    """$slabmalloc_state(ADDRESS): "live", "free", or what else `slabmalloc where` says of it."""

    def __init__(self):
        super().__init__("slabmalloc_state")

    def invoke(self, value):
        return json.loads(run("where", "--json", source(), address(value)))["state"]


Slabmalloc()
Where()
View("stat", "slabmalloc stat [--json]: what each size class holds.")
View("heap", "slabmalloc heap [--json]: the slabs, large objects and free runs, by address.")
View("leaks", """slabmalloc leaks [OPTION...]: the live objects that nothing points to, of a core file.
A process that gdb has stopped cannot be stopped by the tool too: write a core file by generate-core-file.""")
State()
