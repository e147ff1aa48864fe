"""Writes slabmalloc.3 from the header, and libslabmalloc-preload.7 from the guide "Programs": `make man`.

    include/slabmalloc.h              synopsis, rules, and the first sentence of each function, by groups
    Programs.md, sections Overview    what the preload library is
    and Options                       the options of the environment
    debian/changelog                  the date

With --check nothing is written: it fails if a page is not what would be written.
"""
import email.utils
import re
import sys
import textwrap

HEADER = "include/slabmalloc.h"
GUIDE = "Sources/SlabMalloc/SlabMalloc.docc/Programs.md"
CHANGES = "debian/changelog"
FOLDER = "Sources/Packaging/man"


def escaped(text):
    """Text that is printed as it is."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def roff(text):
    """Lines of a page for a paragraph of a comment or of Markdown: a sentence starts a line."""
    text = " ".join(text.split())
    text = re.sub(r"@see (\w+)\.?", r"See \1().", text)
    text = re.sub(r"#(SLM_\w+)", r"\1", text)
    text = re.sub(r"<doc:(\w+)>", r'the guide "\1"', text)
    text = re.sub(r"[,;]? see below", "", text)
    text = text.replace("\\", "\\e")
    text = re.sub(r"`([^`]+)`", lambda match: "\\fB" + match[1].replace("-", "\\-") + "\\fR", text)
    text = re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"\\fI\1\\fR", text)
    lines = []
    for sentence in re.split(r"(?<=[.:?])\s+(?=[A-Z])", text):
        lines += textwrap.wrap(sentence, 76, break_long_words=False, break_on_hyphens=False)
    # A line that starts with a point or an apostrophe would be a request.
    return ["\\&" + line if line[0] in ".'" else line for line in lines]


def comment(text):
    return re.sub(r"^ ?\* ?", "", text, flags=re.M).strip()


def summary(text):
    """The first sentence, with what a function returns if that is all."""
    text = comment(text)
    first = re.split(r"(?<=[.])\s+(?=[A-Z@*])|\n\s*\n|@param|@return", " ".join(text.split()))[0]
    return first or text


def groups(header):
    """Each group: title, first paragraph, and its functions as (name, summary)."""
    parts = re.split(r"/\*\* @defgroup \w+ ", header)[1:]
    for part in parts:
        head, body = part.split("@{ */", 1)
        title, _, about = head.partition("\n")
        about = comment(about).split("\n\n")[0]
        functions = re.findall(
            r"/\*\*((?:(?!\*/).)*)\*/\n(?:[a-z_]\w*[ *]|SLM_NULLABLE |const |void )*[^;/{}]*?\b(slm_\w+)\([^{}]*?;",
            body, flags=re.S)
        yield title.strip(), about, [(name, summary(text)) for text, name in functions]


def heading(name, section, date):
    return f'.TH {name} {section} "{date:%Y-%m-%d}" slabmalloc'


def library_page(header, date):
    brief = re.search(r"@brief slabmalloc: ([^.]*)", header)[1]
    synopsis = re.search(r"@code\n(.*?) \* @endcode", header, flags=re.S)[1]
    lines = [heading("SLABMALLOC", 3, date), ".SH NAME", "slabmalloc \\- " + brief, ".SH LIBRARY",
             ".B cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs slabmalloc)", ".SH SYNOPSIS",
             ".B #include <slabmalloc.h>", ".PP", ".EX"]
    lines += [escaped(re.sub(r"^ \* ?", "", line)) for line in synopsis.splitlines()]
    lines += [".EE", ".SH DESCRIPTION"]
    rules = re.search(r"@section rules Rules for every function\n(.*?)\n \*/", header, flags=re.S)[1]
    for rule in re.split(r"^- ", comment(rules), flags=re.M)[1:]:
        lines += [".IP \\(bu 2"] + roff(rule)
    for title, about, functions in groups(header):
        if not functions:
            continue
        lines += [".SH " + title.upper()] + roff(about)
        for name, text in functions:
            lines += [".TP", f".BR {name} ()"] + roff(text)
    lines += [".SH SEE ALSO", ".BR slabmalloc (1),", ".BR libslabmalloc\\-preload (7)", ".PP",
              "The header states the errors and the cost of each function, and where it may be", "called from."]
    return lines


def table(section):
    """The rows of the first table of a section, without its head."""
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def preload_page(guide, date):
    options = guide.split("## Options\n")[1].split("\n### ")[0]
    about = guide.split("## Overview\n")[1].split("```\n")[1].split("To link the same")[0]
    lines = [heading("LIBSLABMALLOC\\-PRELOAD", 7, date), ".SH NAME",
             "libslabmalloc\\-preload \\- run a program on the malloc of slabmalloc", ".SH SYNOPSIS",
             ".BI LD_PRELOAD=libslabmalloc\\-preload.so \" program\"", ".SH DESCRIPTION"]
    lines += roff(about) + [".SH ENVIRONMENT"]
    intro, _, rest = options.partition("| option |")
    lines += roff(intro)
    for option, default, meaning in table(options):
        lines += [".TP", ".B " + escaped(option.strip("`"))] + roff(meaning[0].upper() + meaning[1:] + ".")
        if default:
            lines += roff(f"The default is {default}.")
    for paragraph in re.split(r"\n\s*\n", rest[rest.rindex("|\n") + 2:]):
        if paragraph.startswith("    "):
            lines += [".PP", ".EX"] + [escaped(line.strip()) for line in paragraph.splitlines()] + [".EE"]
        elif paragraph.strip():
            lines += [".PP"] + roff(paragraph)
    lines += [".SH SEE ALSO", ".BR slabmalloc (1),", ".BR slabmalloc (3)"]
    return lines


def main():
    with open(HEADER) as file:
        header = file.read()
    with open(GUIDE) as file:
        guide = file.read()
    with open(CHANGES) as file:
        date = email.utils.parsedate_to_datetime(re.search(r"^ -- .*>  (.*)$", file.read(), flags=re.M)[1])
    pages = {"slabmalloc.3": library_page(header, date), "libslabmalloc-preload.7": preload_page(guide, date)}
    for name, lines in pages.items():
        path, text = f"{FOLDER}/{name}", "\n".join(lines) + "\n"
        if "--check" not in sys.argv:
            with open(path, "w") as file:
                file.write(text)
            continue
        with open(path) as file:
            if file.read() != text:
                sys.exit(f"{path} is not what the header and the guide say: make man")


main()
