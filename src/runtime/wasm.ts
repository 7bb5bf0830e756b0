import { readFileSync } from 'node:fs'

/** The kernels for training, of which one is chosen. */
export type TrainKernelName = 'train.relaxed' | 'train.wide' | 'train.strict'
/** The compiled kernels; see scripts/build-kernels.js. */
export type KernelName = TrainKernelName | 'count' | 'phrases' | 'search' | 'analogy'

/** The bytes of one WASM page. */
export const pageBytes = 65536

/**
 * Loads a kernel over a memory. The engine first compiles it quickly and badly, and optimises functions
 * that are called often: callers make many short calls rather than one long one.
 */
export function loadKernel<Exports>(name: KernelName, memory: WebAssembly.Memory): Exports {
  return instantiate(compileKernel(name), memory)
}

export function compileKernel(name: KernelName): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../../kernels/build/${name}.wasm`, import.meta.url)))
}

/** A compiled kernel over a memory. Threads are given what one of them has compiled. */
export function instantiate<Exports>(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports
}

/**
 * The first makes V8's optimiser make one operation of 256 bits of two of 128 where it can. By the second, kernels are
 * optimised at their first call, so that what is tried before a run (word2vec/wide-check.ts) is what then trains.
 */
const wideFlags = ['--experimental-wasm-revectorize', '--no-liftoff']
/** Versions of Node whose engine was seen to do that well: it is an experiment of its authors. */
const widening = [26]

/**
 * Flags for a process of Node that trains: with them training is up to twice as fast (docs/performance.md), with the
 * same bits. None where that cannot be had, or where the environment says `MILLRACE_WIDE=0`; and none from TypeScript
 * sources: Node's reader of these is WASM itself, and to optimise that would take seconds.
 */
export function trainerFlags(): string[] {
  const variables = process.config.variables as { v8_enable_wasm_simd256_revec?: number }
  const node = Number(process.versions.node.split('.')[0])
  const canWiden =
    process.arch === 'x64' && widening.includes(node) && variables.v8_enable_wasm_simd256_revec === 1
  return canWiden && isWideWanted() && !import.meta.url.endsWith('.ts') ? wideFlags : []
}

/** Whether this process was started with the flags. */
export function hasTrainerFlags(): boolean {
  return wideFlags.every((flag) => process.execArgv.includes(flag))
}

/** Flags of Node without those for training. */
export function withoutTrainerFlags(flags: readonly string[]): string[] {
  return flags.filter((flag) => !wideFlags.includes(flag))
}

function isWideWanted(): boolean {
  return process.env.MILLRACE_WIDE !== '0'
}

/**
 * The train kernel for an arithmetic; `strict` where the engine has no relaxed SIMD. The wide one gives the same bits as
 * `relaxed`, and is slower where nothing is widened: processors that fuse and have no 256 bits are rare.
 */
export function trainKernelName(arithmetic: 'fused' | 'strict'): TrainKernelName {
  if (arithmetic !== 'fused' || !WebAssembly.validate(relaxedProbe)) return 'train.strict'
  return hasTrainerFlags() && isWideWanted() && isFused() ? 'train.wide' : 'train.relaxed'
}

/**
 * Whether a relaxed multiply-add is rounded once here. An engine may choose, by what its processor has; once is exact
 * and the same everywhere.
 */
export function isFused(): boolean {
  if (!WebAssembly.validate(relaxedProbe)) return false
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const { fusedProbe } = loadKernel<{ fusedProbe(a: number, b: number, c: number): number }>(
    'train.relaxed',
    memory,
  )
  // (1 + 2^-12)² − (1 + 2^-11) is 2^-24, which rounding the product first would lose.
  return fusedProbe(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24
}

/** (module (func (param v128 v128 v128) (result v128) f32x4.relaxed_madd)) */
const relaxedProbe = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b,
  0x03, 0x02, 0x01, 0x00, 0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02,
  0x0b,
])
