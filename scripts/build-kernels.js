// Compiles kernels/*.ts with asc. Plain JS, because `npm ci` runs it with whatever Node there is.
//
// train.*   text and skip-gram over one shared memory that the trainer sizes; relaxed SIMD and strict
// count     the vocabulary pass, one memory a thread
// phrases   words as numbers for `millrace phrases`, over the memory of count
// search    cosine queries
// analogy   questions made of the same few words, over the memory of search
//
// -O2 and not -O3: the higher level sinks SIMD operations into stores and spills registers.
import { mkdir } from 'node:fs/promises'
import asc from 'assemblyscript/asc'

const common = [
  '-O2',
  '--runtime',
  'stub',
  '--importMemory',
  '--noExportMemory',
  '--noAssert',
  '--enable',
  'simd',
]
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536']
const relaxed = ['--enable', 'relaxed-simd']

const builds = {
  'train.relaxed': ['kernels/train.ts', ...shared, ...relaxed, '--use', 'WIDE=0'],
  'train.wide': ['kernels/train.ts', ...shared, ...relaxed, '--use', 'WIDE=1'],
  'train.strict': ['kernels/train.ts', ...shared, '--use', 'WIDE=0'],
  count: ['kernels/count.ts', ...shared],
  phrases: ['kernels/phrases.ts', ...shared],
  search: ['kernels/search.ts'],
  analogy: ['kernels/analogy.ts'],
}

await mkdir('kernels/build', { recursive: true })
for (const [name, args] of Object.entries(builds)) {
  const { error, stderr } = await asc.main([...args, ...common, '--outFile', `kernels/build/${name}.wasm`])
  if (error) {
    console.error(stderr.toString())
    process.exit(1)
  }
}
