/**
 * What a supervised program tells now and then: that it lives, and where it is.
 *
 * All fields may be left out; what is left out stays as it was told last.
 */
export interface Beat {
  /** Where it is, in words: `block 17 of 400 in epoch 2`. */
  at?: string
  /** Units of work done, whatever they are. */
  done?: number
  /**
   * How many units are safe: a new process would go on from there. To be told as soon as that is known at the start,
   * too, since an attempt has made progress if this rises by 10 while it lives.
   */
  saved?: number
  /** Bytes that it may use, and that it planned to. */
  memoryLimit?: number
  memoryPlan?: number
  /** Its run folder, for what is to be recorded of deaths. */
  folder?: string
}

/** What the supervisor asks of it: to save, end with exit code 75, and be started again. */
export interface Request {
  millrace: 'restart'
  why: string
}

type Message = { millrace: 'beat' } & Beat

/**
 * Tells the supervisor that this process lives and gets on. Without a supervisor, nothing happens.
 *
 * A program that never calls it is watched all the same, but for being stuck; one that has called it must go on to do
 * so within the supervisor's patience (5 minutes), and is asked to save by `listenToSupervisor` instead of SIGTERM. To
 * be called where the work is done, not by a timer, which may go on where the work does not.
 */
export function heartbeat(beat: Beat = {}): void {
  if (!passed || !process.connected) return
  const message: Message = { millrace: 'beat', ...beat }
  // The callback takes the error: a supervisor that has just died is no reason to fail.
  process.send?.(message, () => {})
}

export function beatOf(message: unknown): Beat | undefined {
  const { millrace, ...beat } = (message ?? {}) as Message
  return millrace === 'beat' ? beat : undefined
}

/** How a supervised process hears of its supervisor. */
export interface SupervisorListener {
  /** It is asked to save, to end with 75, and will be started again. */
  restart(why: string): void
  /** The supervisor has died. */
  orphaned(): void
}

/** Listens to the supervisor, until `leaveSupervisor`; without a supervisor, nothing happens. */
export function listenToSupervisor({ restart, orphaned }: SupervisorListener): void {
  if (!passed) return
  // It may have died before this process was ready to hear of it.
  if (!process.connected) orphaned()
  const onMessage = (message: unknown) => {
    const request = message as Request | null
    if (request?.millrace === 'restart') restart(request.why)
  }
  process.on('message', onMessage).on('disconnect', orphaned)
}

/** Ends the connection, which would hold this process while anything listens. */
export function leaveSupervisor(): void {
  if (!passed) return
  process.removeAllListeners('disconnect')
  if (process.connected) process.disconnect?.()
}

/** What the supervisor passes to a program that it starts. */
export interface Passed {
  /** Its process id. */
  supervisor: number
  /** Deaths running without progress. */
  deaths: number
  /** Seconds that the last attempt lived that died without having saved anything; null if none has. */
  livedSeconds: number | null
}

const passed = takePassed()

/** What the supervisor passed; undefined without one. */
export function passedOn(): Passed | undefined {
  return passed
}

/** Whether this process was started by a supervisor. */
export function isSupervised(): boolean {
  return passed !== undefined
}

/** Takes it out of the environment, for programs that this one starts are not supervised. */
function takePassed(): Passed | undefined {
  const text = process.env.MILLRACE_SUPERVISED
  delete process.env.MILLRACE_SUPERVISED
  // Without a channel, or with a channel to another parent, it is of the program that started this one.
  if (text === undefined || !process.send) return undefined
  const passed = JSON.parse(text) as Passed
  return passed.supervisor === process.ppid || !isThere(passed.supervisor) ? passed : undefined
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
