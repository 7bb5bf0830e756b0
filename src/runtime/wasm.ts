import { readFileSync } from 'node:fs'

/** The compiled kernels; see scripts/build-kernels.js. */
export type KernelName = 'train.relaxed' | 'train.strict' | 'count' | 'phrases' | 'search' | 'analogy'

/** The bytes of one WASM page. */
export const pageBytes = 65536

/**
 * Loads a kernel over a memory. The engine first compiles it quickly and badly, and optimises functions
 * that are called often: callers make many short calls rather than one long one.
 */
export function loadKernel<Exports>(name: KernelName, memory: WebAssembly.Memory): Exports {
  const path = new URL(`../../kernels/build/${name}.wasm`, import.meta.url)
  const module = new WebAssembly.Module(readFileSync(path))
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports
}

/** The train kernel for an arithmetic; `strict` where the engine has no relaxed SIMD. */
export function trainKernelName(arithmetic: 'fused' | 'strict'): 'train.relaxed' | 'train.strict' {
  return arithmetic === 'fused' && WebAssembly.validate(relaxedProbe) ? 'train.relaxed' : 'train.strict'
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
