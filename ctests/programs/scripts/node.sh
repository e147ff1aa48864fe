# JavaScript: buffers, JSON, streams, compression, hashes, promises, and worker threads that share memory and end.
# needs: node
# programs: node
cat >work.js <<'END'
const {Worker, isMainThread, parentPort, workerData} = require('worker_threads');
const {createHash} = require('crypto');
const zlib = require('zlib');
const hash = (data) => createHash('sha256').update(data).digest('hex').slice(0, 16);

function work(seed) {
  const parts = [];
  for (let i = 0; i < 3000; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const buffer = Buffer.alloc(seed % 20000, seed & 255);
    parts[seed % 200] = buffer;
  }
  const all = Buffer.concat(parts.filter(Boolean));
  const again = zlib.inflateSync(zlib.deflateSync(all));
  if (!again.equals(all)) throw new Error('not what was compressed');
  return hash(all);
}

if (!isMainThread) {
  Atomics.add(new Int32Array(workerData.shared), 0, workerData.seed);
  parentPort.postMessage(work(workerData.seed));
} else main();

async function main() {
  const shared = new SharedArrayBuffer(4);
  for (let round = 0; round < 3; round++) {
    const results = await Promise.all([1, 2, 3, 4].map((seed) => new Promise((resolve, reject) => {
      const worker = new Worker(__filename, {workerData: {seed, shared}});
      worker.on('message', resolve).on('error', reject);
    })));
    console.log('workers', results.join(' '));
    if (results[0] !== work(1)) throw new Error('another result in a worker');
  }
  console.log('shared', new Int32Array(shared)[0]);
  const records = [];
  for (let i = 0; i < 60000; i++) records.push({id: i, name: 'name ' + i, tags: ['a' + i % 7, 'b' + i % 11], n: i * i});
  const text = JSON.stringify(records);
  const parsed = JSON.parse(text);
  console.log('json', text.length, parsed.reduce((sum, r) => sum + r.n, 0), hash(text));
  let external = 0;
  for (let i = 0; i < 2000; i++) external += new ArrayBuffer(1 + i * 997 % 500000).byteLength;
  console.log('buffers', external);
  const zipped = await Promise.all([...Array(16).keys()].map((i) => new Promise((resolve, reject) =>
    zlib.gzip(Buffer.alloc(200000 + i, 'text ' + i), (error, data) => error ? reject(error) : resolve(data.length)))));
  console.log('gzip', zipped.length, zlib.gunzipSync(zlib.gzipSync(text)).length);
  const map = new Map();
  for (let i = 0; i < 200000; i++) map.set('key' + i * 7919 % 50021, i);
  console.log('map', map.size, [...map.values()].reduce((a, b) => a + b, 0));
  console.log('regexp', text.match(/"name 9+"/g).length, 'é€😀'.repeat(50000).normalize('NFD').length);
  const spawned = require('child_process').spawnSync(process.execPath, ['-e', 'console.log(6 * 7)']);
  console.log('child', spawned.status, spawned.stdout.toString().trim());
}
END
node work.js
