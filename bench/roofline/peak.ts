import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { trainerFlags } from '../../src/runtime/wasm.ts'
import type { CompiledKernel, RoofKernel } from './compile.ts'

/** Steps of one call: some microseconds, so that calls are many and the engine's optimiser takes over. */
const steps = 4096
/** Floating-point operations of a step: 12 vectors of 4, a multiplication and an addition each. */
const stepFlop = 12 * 4 * 2

/**
 * The rate of multiply-adds of a plain WASM loop on one core: the highest of some measurements.
 *
 * Returns operations per second
 */
export function peakRate({ module }: CompiledKernel, seconds = 0.6): number {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RoofKernel
  const numbers = new Float32Array(memory.buffer, 0, 56)
  // x → x / 2 + 1 goes to 2, whatever x is.
  numbers.fill(0, 0, 48).fill(0.5, 48, 52).fill(1, 52, 56)
  return bestRate(() => kernel.multiplyAdd(0, steps), steps * stepFlop, seconds)
}

/**
 * The same where the engine makes operations of 256 bits, in a process that has its flags for that; null where it cannot.
 *
 * work  the folder where `compileKernel` has put the kernel
 */
export function widePeakRate(work: string): number | null {
  const flags = trainerFlags()
  if (flags.length === 0) return null
  const script = join(import.meta.dirname, 'wide-peak.ts')
  const told = execFileSync(process.execPath, [...flags, '--conditions=millrace-source', script, work])
  return Number(told)
}

/** The rate of the loop over pairs, in this process. */
export function pairsRate({ module }: CompiledKernel, seconds = 0.6): number {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RoofKernel
  new Float32Array(memory.buffer, 0, 104).fill(0, 0, 96).fill(0.5, 96, 100).fill(1, 100, 104)
  return bestRate(() => kernel.multiplyAddPairs(0, steps), steps * 2 * stepFlop, seconds)
}

/** How much is done a second by the best of some stretches of calls; the first is for the engine to warm up. */
export function bestRate(call: () => void, perCall: number, seconds: number): number {
  const stretches = 6
  let best = 0
  for (let stretch = 0; stretch < stretches; stretch++) {
    const began = performance.now()
    const end = began + (1000 * seconds) / stretches
    let calls = 0
    let now = began
    for (; now < end; now = performance.now()) {
      for (let i = 0; i < 16; i++) call()
      calls += 16
    }
    if (stretch > 0) best = Math.max(best, (calls * perCall * 1000) / (now - began))
  }
  return best
}
