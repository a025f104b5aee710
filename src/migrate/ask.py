# SPDX-License-Identifier: MIT
"""
Prints what a Django project sets for its S3 storages, as JSON. "s3storefs migrate" runs it with the project's Python.

    python3 ask.py SETTINGS [MODULE...]

SETTINGS is the settings module (mysite.settings), its file, manage.py or the project's folder; in MODULEs, named
likewise, stand storage classes that no setting names. What the project prints goes to stderr.

    {"AWS_LOCATION": "media",                  # each setting by its name; what JSON has not as {"__python__": TYPE}
     "module": "mysite.settings",
     "lines": {"AWS_LOCATION": "mysite/settings.py:12"},
     "classes": [{"name": ..., "bases": [NAME...], "attributes": {...}, "lines": {...}, "line": ...} or
                 {"name": ..., "error": ...}]}

or {"error": a sentence, "traceback": [LINE...]}.
"""
import datetime
import dis
import email.utils
import importlib
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Mapping

# What migrate has a use for.
SETTINGS = re.compile(r"(AWS|S3|S3STOREFS|GZIP|FILE_UPLOAD|MEDIA|STATIC)_|(STORAGES|(DEFAULT_FILE|STATICFILES)_STORAGE|USE_TZ)$")
CONFIGURES = re.compile(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']""")
STEPS_MAX = 4  # of a traceback
DEPTH_MAX = 16
OTHER_PYTHON = "such as --python venv/bin/python"


class Failure(Exception):
    """A sentence for people."""


class Lines:
    """Where the project's modules and classes set their names, seen while they run."""

    def __init__(self):
        self.root = None
        self.seen = {}  # (class, name, id of the value) -> (value, so that its id stays, "FILE:LINE")

    def watch(self, frame, event, argument):
        """For sys.settrace: a frame begins."""
        code = frame.f_code
        is_function = code.co_flags & inspect.CO_OPTIMIZED
        if is_function or "site-packages" in code.co_filename or not code.co_filename.startswith(self.root):
            return None
        sets, line = {}, code.co_firstlineno
        starts = dict(dis.findlinestarts(code))
        for step in dis.get_instructions(code):
            line = starts.get(step.offset) or line
            if step.opname == "STORE_NAME":
                sets.setdefault(line, []).append(step.argval)
        done = code.co_firstlineno

        def look(frame, event, argument):
            nonlocal done
            for name in sets.get(done, ()):
                if name in frame.f_locals:
                    key = frame.f_locals.get("__qualname__", ""), name, id(frame.f_locals[name])
                    place = "%s:%d" % (os.path.relpath(code.co_filename, self.root), done)
                    self.seen.setdefault(key, (frame.f_locals[name], place))
            done = frame.f_lineno
            return look

        return look

    def find(self, name, value, owner=""):
        return self.seen.get((owner, name, id(value)), (None, None))[1]


def type_name(value):
    kind = value if isinstance(value, type) or inspect.isroutine(value) else type(value)
    return "%s.%s" % (kind.__module__, kind.__qualname__)


def arguments(value):
    """In what botocore's Config or boto3's TransferConfig differs from one made without arguments; None of all else."""
    kind = type(value)
    if not kind.__name__.endswith("Config") or not kind.__module__.startswith("boto"):
        return None
    plain = kind()
    names = getattr(kind, "OPTION_DEFAULTS", None) or inspect.signature(kind).parameters
    return {name: getattr(value, name) for name in names if getattr(value, name) != getattr(plain, name)}


def encode_opaque(value, depth):
    known = arguments(value)
    found = {"__python__": type_name(value)}
    if known is not None:
        found["arguments"] = encode(known, depth + 1)
    return found


def encode(value, depth=0):
    """The value as JSON has it, or its type."""
    try:
        return encode_known(value, depth)
    except Exception:  # such as a lazy text that needs what is not loaded
        return {"__python__": type_name(value)}


def encode_known(value, depth):
    from django.utils.functional import Promise

    if depth > DEPTH_MAX:
        raise ValueError("too deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and abs(value) < 1e300:
        return float(value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, (str, Promise)):
        text = str(value)
        is_utf8 = "\0" not in text and not re.search("[\ud800-\udfff]", text)
        return text if is_utf8 else {"__python__": "text with bytes that are not UTF-8"}
    if isinstance(value, datetime.datetime):
        return email.utils.format_datetime(value.astimezone(datetime.timezone.utc), usegmt=True)
    if isinstance(value, Mapping):
        return {str(key): encode(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return [encode(item, depth + 1) for item in value]
    return encode_opaque(value, depth)


def locate(word):
    """The folder that a module is imported from, and its name; word may be its path."""
    if not os.path.exists(word) and "/" not in word and not word.endswith(".py"):
        return os.getcwd(), word
    path = os.path.abspath(word)
    if os.path.isdir(path) and not os.path.exists(os.path.join(path, "__init__.py")):
        path = os.path.join(path, "manage.py")
    if not os.path.exists(path):
        raise Failure("%s is not there: name the settings module, such as mysite.settings, or its file" % path)
    folder, name = os.path.split(path)
    if name == "manage.py":
        with open(path) as file:
            configures = CONFIGURES.search(file.read())
        module = os.environ.get("DJANGO_SETTINGS_MODULE") or configures and configures.group(1)
        if not module:
            raise Failure("%s does not say which settings: name the module, such as mysite.settings" % path)
        return folder, module
    root = folder
    while os.path.exists(os.path.join(root, "__init__.py")):
        root = os.path.dirname(root)
    above = root
    while above != os.path.dirname(above):
        if os.path.exists(os.path.join(above, "manage.py")):
            root = above
            break
        above = os.path.dirname(above)
    module = os.path.relpath(os.path.splitext(path)[0], root).replace(os.sep, ".")
    return root, re.sub(r"\.__init__$", "", module)


def load_settings(module):
    """name -> value of what the project sets, Django's defaults left out."""
    try:
        from django.conf import settings
    except ImportError:
        raise Failure("there is no Django in %s: name the project's own Python, %s" % (sys.executable, OTHER_PYTHON))
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    names = [name for name in dir(settings) if SETTINGS.match(name) and settings.is_overridden(name)]
    return {name: getattr(settings, name) for name in names}


def explain(what, error):
    """The error of the project's code as a sentence that ends in what to do."""
    text = "%s: %s" % (type(error).__name__, error)
    other = "if %s is not the project's own Python, name that one, %s" % (sys.executable, OTHER_PYTHON)
    if isinstance(error, ModuleNotFoundError) and (what + ".").startswith((error.name or " ") + "."):
        return "there is no module %s in %s: run migrate in the project's folder, or name the file" % (what, os.getcwd())
    if isinstance(error, ImportError):
        return "%s cannot be loaded: %s: %s" % (what, text, other)
    if isinstance(error, SyntaxError):
        text = "%s: %s" % (type(error).__name__, error.msg)
        return "%s:%s: %s: %s" % (error.filename, error.lineno, text, other)
    return "%s cannot be loaded: %s: if it needs variables of the environment, set them as the project has them" % (what, text)


def project_steps(error, root):
    """The end of the traceback, as far as it is the project's, as lines."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename.startswith(root)]
    return "".join(traceback.format_list(steps[-STEPS_MAX:])).splitlines()


def describe_class(cls, lines):
    """A storage class: its bases up to the library's, and what the classes below that set, the nearest first."""
    found = {"name": type_name(cls), "bases": [], "attributes": {}, "lines": {}}
    found["line"] = lines.find(cls.__name__, cls)
    for base in cls.__mro__:
        found["bases"].append(type_name(base))
        if base.__module__.startswith("storages."):
            break
        for name, value in vars(base).items():
            if not name.startswith("__") and name not in found["attributes"] and not base.__module__.startswith("django."):
                found["attributes"][name] = encode(value)
                found["lines"][name] = lines.find(name, value, base.__qualname__)
    return found


def backends(settings):
    """The names of all storage classes."""
    storages = settings.get("STORAGES")
    for storage in storages.values() if isinstance(storages, Mapping) else ():
        if isinstance(storage, Mapping):
            yield storage.get("BACKEND")
    for name in ("DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE"):
        yield settings.get(name)


def is_storage_of(module, cls):
    return isinstance(cls, type) and cls.__module__ == module and any(
        base.__module__.startswith("storages.backends.s3") for base in cls.__mro__
    )


def describe_classes(settings, modules, lines):
    """The classes that settings name, then those of modules; the library's own need no description."""
    found = {}
    modules = list(modules)
    above = set()
    for name in backends(settings):
        if not isinstance(name, str) or "." not in name or name.startswith(("storages.", "django.")):
            continue
        module, _, word = name.rpartition(".")
        try:
            found[name] = dict(describe_class(getattr(importlib.import_module(module), word), lines), name=name)
            above.update(found[name]["bases"])
            modules.append(module)
        except Exception as error:
            found[name] = {"name": name, "error": explain(module, error)}
    for module in modules:
        for cls in list(vars(importlib.import_module(module)).values()):
            if is_storage_of(module, cls) and type_name(cls) not in above:
                found[type_name(cls)] = describe_class(cls, lines)
    return list(found.values())


def ask(words):
    lines = Lines()
    lines.root, module = locate(words[0])
    more = []
    for word in words[1:]:
        root, name = locate(word)
        sys.path.insert(0, root)
        more.append(name)
    os.chdir(lines.root)
    sys.path.insert(0, lines.root)
    # As manage.py would have it, for settings that look.
    sys.argv = ["manage.py", "check"]
    sys.dont_write_bytecode = True
    what = module
    try:
        sys.settrace(lines.watch)
        settings = load_settings(module)
        for what in more:
            importlib.import_module(what)
        classes = describe_classes(settings, [module] + more, lines)
        sys.settrace(None)
    except Failure:
        raise
    except BaseException as error:
        sys.settrace(None)
        return {"error": explain(what, error), "traceback": project_steps(error, lines.root)}
    answer = {name: encode(value) for name, value in settings.items()}
    places = {name: lines.find(name, value) for name, value in settings.items()}
    return dict(answer, module=module, lines=places, classes=classes)


def main():
    # Whoever prints while the settings load must not print into the answer.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        found = ask(sys.argv[1:])
    except Failure as failure:
        found = {"error": str(failure)}
    json.dump(found, answer)
    answer.flush()
    sys.stdout.flush()
    # Threads that the settings began are no reason to wait.
    os._exit("error" in found)


main()
