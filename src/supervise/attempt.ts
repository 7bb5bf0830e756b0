import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { formatSeconds } from '../core/text.ts'
import { type Beat, beatOf, type Passed, type Request } from './heartbeat.ts'
import { memoryUse, nearLimit, outOfMemoryKills } from './memory.ts'

/** How an attempt ended, and what was known of it then. */
export interface Ending {
  /** Of its own accord, and then `code` says how; or what ended it. */
  cause: 'exit' | 'signal' | 'stuck' | 'memory' | 'start'
  code: number | null
  signal: NodeJS.Signals | null
  /** More in words, where there is more to say. */
  detail?: string
  /** Bytes of resident memory, when it was looked at last. */
  rss: number | undefined
  /** Whether the kernel killed for want of memory at the time. */
  outOfMemory: boolean
  seconds: number
  /** All that it told, the latest of each. */
  beat: Beat
  /** `saved` of its first beat that had one, and the seconds that it lived from then on. */
  savedAtStart: number | undefined
  secondsAtWork: number
}

export interface AttemptOptions {
  command: string[]
  passed: Passed
  /** A program that has beaten once, and then does not for so long, is stuck. */
  patienceMs: number
  /** Bytes of resident memory that it may use, unless it tells of a limit itself. */
  memoryLimit?: number | undefined
  /** Signals go to all of its process group, and none of that is left when it ends: it may be a shell's child. */
  group?: boolean | undefined
  /** A file descriptor for all that it prints; its own by default. */
  output?: number | undefined
  /** Told when memory is short and the program was asked to begin afresh. */
  onMemory?: (why: string) => void
}

const lookEveryMs = 1000
/**
 * So long a program may take to save what it has, when it was asked to because memory is short; and to take note of
 * that, before it is asked by SIGTERM, which more programs know.
 */
const savingMs = 120_000
const notingMs = 10_000

/** One life of a program under supervision. */
export class Attempt {
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #options: AttemptOptions
  readonly #began = performance.now()
  #beat: Beat = {}
  #savedAtStart: number | undefined
  #beganWork: number | undefined
  /** When it was heard of last; undefined before its first beat. */
  #heardAt: number | undefined
  #lookedAt = performance.now()
  #rss: number | undefined
  #memoryAskedAt: number | undefined
  #wasTermed = false
  #cause: 'stuck' | 'memory' | undefined
  #detail: string | undefined

  constructor(options: AttemptOptions) {
    this.#options = options
    const [file, ...args] = options.command as [string, ...string[]]
    const killsBefore = outOfMemoryKills()
    const env = { ...process.env, MILLRACE_SUPERVISED: JSON.stringify(options.passed) }
    // A group of its own: Ctrl-C then reaches this process alone, which passes it on once.
    const { output = 'inherit' } = options
    const input = output === 'inherit' ? output : 'ignore'
    this.#child = spawn(file, args, { stdio: [input, output, output, 'ipc'], env, detached: true })
    this.#child.on('message', (message) => this.#hear(message))
    if (this.#child.pid !== undefined) preferForKilling(this.#child.pid)
    const timer = setInterval(() => this.#look(), lookEveryMs)
    this.ended = new Promise((resolve) => {
      const end = (ending: Pick<Ending, 'cause' | 'code' | 'signal'>) => {
        clearInterval(timer)
        resolve({
          ...ending,
          ...(this.#detail !== undefined && { detail: this.#detail }),
          rss: this.#rss,
          outOfMemory: outOfMemoryKills() !== killsBefore,
          seconds: (performance.now() - this.#began) / 1000,
          beat: this.#beat,
          savedAtStart: this.#savedAtStart,
          secondsAtWork: (performance.now() - (this.#beganWork ?? performance.now())) / 1000,
        })
      }
      this.#child.on('exit', (code, signal) => {
        // Started again beside what is left of it, there would be two.
        if (options.group && code !== 0) this.kill('SIGKILL')
        const cause = this.#cause ?? (signal ? 'signal' : 'exit')
        // Having been asked to save, a program may also have come to its end.
        end({ cause: code !== null && code !== 75 && cause === 'memory' ? 'exit' : cause, code, signal })
      })
      this.#child.on('error', (error) => {
        if (this.#child.pid !== undefined) return
        this.#detail = error.message
        end({ cause: 'start', code: null, signal: null })
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(this.#options.group ? -pid : pid, signal)
    } catch {
      // It is gone.
    }
  }

  #hear(message: unknown): void {
    const beat = beatOf(message)
    if (!beat) return
    this.#savedAtStart ??= beat.saved
    if (beat.saved !== undefined) this.#beganWork ??= performance.now()
    this.#heardAt = performance.now()
    this.#beat = { ...this.#beat, ...beat }
  }

  /** Once a second: is it stuck, is memory short? */
  #look(): void {
    const now = performance.now()
    // This process was stopped itself, or the machine asleep: what was sent meanwhile is not read yet.
    const slept = now - this.#lookedAt > 3 * lookEveryMs
    this.#lookedAt = now
    if (slept && this.#heardAt !== undefined) this.#heardAt = now
    if (this.#heardAt !== undefined && now - this.#heardAt > this.#options.patienceMs) {
      this.#cause = 'stuck'
      this.#detail = `nothing was heard of it for ${formatSeconds((now - this.#heardAt) / 1000)}`
      this.kill('SIGKILL')
    }
    this.#watchMemory(now)
  }

  #watchMemory(now: number): void {
    const use = memoryUse(this.#child.pid!)
    this.#rss = use.rss ?? this.#rss
    if (this.#memoryAskedAt !== undefined) {
      const waited = now - this.#memoryAskedAt
      if (waited > savingMs) this.kill('SIGKILL')
      else if (waited > notingMs && !this.#wasTermed) this.#term()
      return
    }
    const { memoryLimit = this.#options.memoryLimit, memoryPlan } = this.#beat
    const why = nearLimit(use, { limit: memoryLimit, plan: memoryPlan })
    if (why === undefined) return
    this.#memoryAskedAt = now
    this.#cause = 'memory'
    this.#detail = why
    this.#options.onMemory?.(why)
    const request: Request = { millrace: 'restart', why }
    // Who has beaten knows of requests; others know SIGTERM.
    if (this.#heardAt !== undefined) this.#child.send(request, () => {})
    else this.#term()
  }

  /** Once: many programs take a second one for an order to end at once. */
  #term(): void {
    this.#wasTermed = true
    this.kill('SIGTERM')
  }
}

/** When memory runs out, the kernel is to take the program and not its supervisor. */
function preferForKilling(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500')
  } catch {
    // Not Linux, or it is gone already.
  }
}
