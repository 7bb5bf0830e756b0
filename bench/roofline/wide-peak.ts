// Measures the peak in a process of its own, which has the engine's flags: `wide-peak.ts FOLDER` of the compiled kernel.
import { compileKernel } from './compile.ts'
import { pairsRate } from './peak.ts'

process.stdout.write(`${pairsRate(await compileKernel(process.argv[2]!))}`)
