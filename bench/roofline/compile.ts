import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../src/core/errors.ts'

/** kernel.ts. Pointers are byte offsets in the memory. */
export interface RoofKernel {
  multiplyAdd(at: number, steps: number): void
  multiplyAddPairs(at: number, steps: number): void
  changeRows(list: number, count: number, rowBytes: number, term: number): void
}

/** The kernel compiled, as `scripts/build-kernels.js` compiles Millrace's; `fused`: with relaxed multiply-adds. */
export interface CompiledKernel {
  module: WebAssembly.Module
  fused: boolean
}

/** Compiles the kernel into a folder: with relaxed SIMD if this engine has it, as the trainer's. */
export async function compileKernel(folder: string): Promise<CompiledKernel> {
  mkdirSync(folder, { recursive: true })
  const relaxed = await compile(join(folder, 'roofline.relaxed.wasm'), ['--enable', 'relaxed-simd'])
  if (WebAssembly.validate(relaxed)) return { module: new WebAssembly.Module(relaxed), fused: true }
  const strict = await compile(join(folder, 'roofline.strict.wasm'), [])
  return { module: new WebAssembly.Module(strict), fused: false }
}

async function compile(path: string, features: string[]): Promise<Buffer<ArrayBuffer>> {
  const source = join(import.meta.dirname, 'kernel.ts')
  const memory = ['--runtime', 'stub', '--importMemory', '--noExportMemory', '--noAssert']
  const args = [source, '-O2', ...memory, '--enable', 'simd', ...features, '--outFile', path]
  // By a name that the type checker does not follow: the compiler's types would replace those of `console`.
  const name: string = 'assemblyscript/asc'
  const { default: asc } = (await import(name)) as { default: Compiler }
  const { error, stderr } = await asc.main(args)
  assert(!error, `asc: ${stderr}`)
  return readFileSync(path)
}

interface Compiler {
  main(args: string[]): Promise<{ error: Error | null; stderr: unknown }>
}
