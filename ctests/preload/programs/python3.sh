# Threads, subprocesses, forked workers and many small objects; once with Python's own pools, once without.
# needs: python3
# programs: python3
cat >work.py <<'END'
import concurrent.futures, hashlib, json, multiprocessing, re, subprocess, sys, zlib

def digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]

def work(seed):
    table, words = {}, []
    for i in range(2500):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        table[f"key{seed % 1000}"] = table.get(f"key{seed % 1000}", []) + [seed >> 40]
        words.append("w" * (seed % 90))
    text = json.dumps(table, sort_keys=True)
    again = zlib.decompress(zlib.compress(text.encode())).decode()
    assert again == text and json.loads(again) == table
    return digest((sorted(words), re.findall(r"[0-9]{5}", text)[:50]))

if __name__ == "__main__":
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print("threads", list(pool.map(work, range(8))))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print("forked", pool.map(work, range(4)))
    runs = [subprocess.run([sys.executable, "-c", f"print(sum(i * i for i in range({n})))"],
                           capture_output=True, text=True)
            for n in (10, 1000, 100000)]
    print("subprocesses", [(run.returncode, run.stdout, run.stderr) for run in runs])
    print("big", digest([bytes(range(256)) * 4000, [str(i) for i in range(200000)]]))
END
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
# The interpreter itself, in case that python3 is a script which looks for it.
python=$(python3 -c 'import sys; print(sys.executable)')
"$python" work.py
PYTHONMALLOC=malloc "$python" work.py
