import { readFileSync } from 'node:fs'

/** The compiled kernels; see scripts/build-kernels.js. */
export type KernelName = 'train.relaxed' | 'train.strict' | 'count' | 'phrases' | 'search'

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

/** The train kernel that this engine can run: with relaxed SIMD if it has it. */
export function trainKernelName(): 'train.relaxed' | 'train.strict' {
  return WebAssembly.validate(relaxedProbe) ? 'train.relaxed' : 'train.strict'
}

/** (module (func (param v128 v128 v128) (result v128) f32x4.relaxed_madd)) */
const relaxedProbe = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b,
  0x03, 0x02, 0x01, 0x00, 0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02,
  0x0b,
])
