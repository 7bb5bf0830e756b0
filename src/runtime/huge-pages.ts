/** Below this a memory has too few pages for it to matter. */
const leastBytes = 8 * 1024 * 1024
/** `MADV_HUGEPAGE` of Linux's madvise(2). */
const madviseHugePage = 14

type Madvise = (address: bigint, bytes: bigint, advice: number) => unknown
let advise: { madvise: Madvise; addressOf: (memory: ArrayBufferLike) => bigint } | null | undefined

/**
 * Asks Linux to back a memory with pages of 2 MiB, which spares the core most of its waiting for page tables: training
 * is up to a tenth faster (docs/performance.md). To be called before the memory is first touched. Where it cannot be had
 * (another system, Node without `node:ffi`), nothing happens.
 */
export function askForHugePages(memory: WebAssembly.Memory): void {
  if (memory.buffer.byteLength < leastBytes) return
  if (advise === undefined) advise = findMadvise()
  advise?.madvise(advise.addressOf(memory.buffer), BigInt(memory.buffer.byteLength), madviseHugePage)
}

function findMadvise(): typeof advise {
  if (process.platform !== 'linux') return null
  const emitWarning = process.emitWarning
  try {
    // Node warns that the module is experimental; whoever trains can do nothing about it.
    process.emitWarning = () => {}
    const ffi = process.getBuiltinModule('node:ffi') as typeof import('node:ffi') | undefined
    if (!ffi) return null
    const library = new ffi.DynamicLibrary('libc.so.6')
    const madvise = library.getFunction('madvise', { arguments: ['pointer', 'u64', 'i32'], return: 'i32' })
    return { madvise: madvise as Madvise, addressOf: (buffer) => ffi.getRawPointer(buffer as ArrayBuffer) }
  } catch {
    return null // no libc of that name, or an interface that has changed
  } finally {
    process.emitWarning = emitWarning
  }
}
