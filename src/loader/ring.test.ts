import { expect, test } from 'vitest'
import { forSeeds } from '../../test/support/seeds.ts'
import { allocateRing, type Header, headerBytes, RingReader, RingWriter } from './ring.ts'

// The two ends in one thread, in any order that threads could bring about; and writers that die between any two steps.

test('every record arrives once, in order and whole, and stays whole until it is given back', async () => {
  await forSeeds(300, (random) => {
    const ringBytes = 512 + 8 * random.below(256)
    const memory = allocateRing(ringBytes)
    // Counts of records wrap around: some rings have had nearly 2^32 of them.
    new Int32Array(memory.control).fill(-random.below(30), 0, 1).copyWithin(32, 0, 1)
    const reader = new RingReader(memory)
    const room = { mostUnread: 1 + random.below(6), roomFor: 1 + random.below(5) }
    let writer = new RingWriter(memory, 0, room)
    let written = 0
    let read = 0
    let held: { header: Header; number: number } | null = null
    const isWhole = ({ payloadAt, payloadBytes }: Header, number: number) =>
      reader.bytes.subarray(payloadAt, payloadAt + payloadBytes).every((byte) => byte === number % 251)

    for (let step = 0; step < 400; step++) {
      switch (random.below(5)) {
        case 0:
        case 1: {
          const payloadBytes = random.below(random.below(3) === 0 ? writer.mostPayload + 1 : 100)
          const at = writer.reserve(payloadBytes)
          if (at < 0) break
          const place = at + headerBytes
          writer.bytes.fill(written % 251, place, place + payloadBytes)
          if (random.below(20) === 0) {
            // Dies before it publishes; another goes on where the published records end.
            const { end, headers } = reader.pending()
            expect(headers.length).toBe(written - read)
            reader.reset()
            writer = new RingWriter(memory, end, room)
            break
          }
          const rest = { lane: 0, pass: 0, cursorBytes: 0, cursorNumber: null, samples: 1, userShards: false }
          writer.publish(at, { kind: 'batch', position: written++, payloadBytes, ...rest })
          break
        }
        case 2:
        case 3: {
          if (held) break
          const header = reader.take()
          if (!header) {
            expect(read).toBe(written)
            break
          }
          expect(header.position).toBe(read)
          held = { header, number: read++ }
          break
        }
        default:
          reader.release()
          held = null
      }
      if (held) expect(isWhole(held.header, held.number)).toBe(true)
    }
    reader.release()
    for (let header = reader.take(); header; header = reader.take()) {
      expect(header.position).toBe(read)
      expect(isWhole(header, read++)).toBe(true)
      reader.release()
    }
    expect(read).toBe(written)
    expect(written).toBeGreaterThan(5)
  })
})

test('whatever fits into the ring at all finds its place once the ring is empty', async () => {
  await forSeeds(50, (random) => {
    const memory = allocateRing(1024)
    const reader = new RingReader(memory)
    const writer = new RingWriter(memory, 0, { mostUnread: 100, roomFor: 4 })
    for (let i = 0; i < 50; i++) {
      const payloadBytes = random.below(writer.mostPayload + 1)
      const at = writer.reserve(payloadBytes)
      expect(at).toBeGreaterThanOrEqual(0)
      const rest = { lane: 0, pass: 0, cursorBytes: 0, cursorNumber: null, samples: 1, userShards: false }
      writer.publish(at, { kind: 'batch', position: i, payloadBytes, ...rest })
      expect(reader.take()?.position).toBe(i)
      reader.release()
    }
  })
})

test('a writer that begins to wait for room hears that its pass was called off a moment before', async () => {
  const memory = allocateRing(512)
  const reader = new RingReader(memory)
  reader.want(7)
  class CalledOff extends RingWriter {
    override isOn(pass: number): boolean {
      const was = super.isOn(pass)
      reader.want(-1)
      return was
    }
  }
  const writer = new CalledOff(memory, 0, { mostUnread: 1, roomFor: 1 })
  const rest = { lane: 0, pass: 7, cursorBytes: 0, cursorNumber: null, samples: 1, userShards: false }
  writer.publish(writer.reserve(8), { kind: 'batch', position: 1, payloadBytes: 8, ...rest })
  await writer.waitForRoom(7)
  expect(writer.isOn(7)).toBe(false)
}, 2000)
