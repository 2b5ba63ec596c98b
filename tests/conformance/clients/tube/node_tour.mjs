// Everything that node-beanstalk can ask of a server: node node_tour.mjs NODE_MODULES PORT

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const [folder, port] = process.argv.slice(2)
const { Client } = createRequire(`${resolve(folder)}/`)('node-beanstalk')
const JOB_BYTES_MAX = 65535
const serializer = { serialize: body => Buffer.from(body), deserialize: body => body }

async function withClient(tube, action) {
  const client = new Client({ port: Number(port), serializer, maxPayloadSize: 2 * JOB_BYTES_MAX })
  await client.connect()
  try {
    if (tube) {
      assert.equal(await client.use(tube), tube)
      assert.equal(await client.watch(tube), 2)
      assert.equal(await client.ignore('default'), true)
    }
    await action(client)
  } finally {
    await client.disconnect()
  }
}

const answers = (promise, code) => assert.rejects(promise, error => error.code === code)

const tour = {
  lifecycle: () =>
    withClient('life', async client => {
      const { id, state } = await client.put('body', 100, 5)
      assert.equal(state, 'ready')
      assert.equal((await client.peekReady()).id, id)
      const job = await client.reserve()
      assert.equal(job.id, id)
      assert.equal(job.payload.toString(), 'body')
      assert.equal(await client.touch(id), true)
      assert.equal(await client.bury(id, 7), true)
      assert.equal((await client.peekBuried()).id, id)
      assert.equal(await client.peekReady(), null)
      assert.equal(await client.kick(10), 1)
      assert.equal((await client.reserveWithTimeout(0)).id, id)
      assert.equal(await client.release(id, 9, 1000), 'delayed')
      assert.equal((await client.peekDelayed()).id, id)
      assert.equal(await client.kickJob(id), true)
      const facts = await client.statsJob(id)
      assert.equal(facts.tube, 'life')
      assert.equal(facts.state, 'ready')
      assert.deepEqual([facts.pri, facts.ttr, facts.reserves, facts.releases], [9, 100, 2, 1])
      assert.deepEqual([facts.buries, facts.kicks, facts.timeouts], [1, 2, 0])
      assert.equal((await client.peek(id)).payload.toString(), 'body')
      assert.equal((await client.reserveJob(id)).id, id)
      assert.equal(await client.delete(id), true)
      for (const action of ['delete', 'touch', 'bury', 'kickJob']) {
        assert.equal(await client[action](id), false, action)
      }
      for (const action of ['peek', 'release', 'reserveJob', 'statsJob']) {
        assert.equal(await client[action](id), null, action)
      }
      assert.equal(await client.reserveWithTimeout(0), null)
    }),

  order: () =>
    withClient('order', async client => {
      const ids = []
      for (const priority of [5, 1, 2 ** 32 - 1, 1, 0]) {
        ids.push((await client.put('job', 60, priority)).id)
      }
      for (const place of [4, 1, 3, 0, 2]) {
        assert.equal((await client.reserve()).id, ids[place])
      }
      for (const id of ids.toReversed()) {
        await client.bury(id)
      }
      assert.equal((await client.peekBuried()).id, ids[4])
      assert.equal(await client.kick(3), 3)
      assert.equal((await client.peekBuried()).id, ids[1])
      for (const id of ids) {
        assert.equal(await client.delete(id), true)
      }
    }),

  bodies: () =>
    withClient('bodies', async client => {
      const binary = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      for (const body of [[], Buffer.from('\r\n'), binary, Buffer.alloc(JOB_BYTES_MAX, 'x')]) {
        const { id } = await client.put(body)
        assert.ok((await client.reserve()).payload.equals(Buffer.from(body)))
        await client.delete(id)
      }
      await answers(client.put(Buffer.alloc(JOB_BYTES_MAX + 1)), 'JOB_TOO_BIG')
      assert.equal(await client.listTubeUsed(), 'bodies')
    }),

  tubes: () =>
    withClient(undefined, async client => {
      assert.equal(await client.ignore('default'), false)
      assert.equal(await client.watch('a'), 2)
      assert.ok((await client.listTubes()).includes('a'))
      assert.deepEqual(await client.listTubesWatched(), ['default', 'a'])
      const facts = await client.statsTube('a')
      assert.equal(facts.name, 'a')
      assert.equal(facts['current-watching'], 1)
      assert.equal(await client.ignore('a'), true)
      assert.equal(await client.statsTube('a'), null)
      assert.equal(await client.pauseTube('a', 1), false)
      const stats = await client.stats()
      assert.equal(stats['max-job-size'], JOB_BYTES_MAX)
      assert.equal(typeof stats.version, 'string')
      assert.equal(stats.draining, false)
    }),

  time: () =>
    withClient('time', async client => {
      const late = await client.put('late', 60, 0, 1)
      assert.equal(late.state, 'delayed')
      assert.equal((await client.reserveWithTimeout(5)).id, late.id)
      await client.delete(late.id)
      assert.equal(await client.reserveWithTimeout(1), null)

      const paused = await client.put('paused')
      assert.equal(await client.pauseTube('time', 1), true)
      assert.equal(await client.reserveWithTimeout(0), null)
      assert.equal((await client.reserveWithTimeout(5)).id, paused.id)
      await client.delete(paused.id)

      const quick = await client.put('quick', 1)
      await client.reserve()
      await answers(client.reserveWithTimeout(5), 'DEADLINE_SOON')
      await client.delete(quick.id)
    }),

  workers: () =>
    withClient('workers', async producer => {
      const received = []
      const work = () =>
        withClient('workers', async client => {
          for (let count = 0; count < 50; count++) {
            const job = await client.reserveWithTimeout(5)
            received.push(job.payload.toString())
            await client.delete(job.id)
          }
        })
      const workers = [work(), work(), work(), work()]
      const sent = Array.from({ length: 200 }, (_, number) => `job ${number}`)
      for (const body of sent) {
        await producer.put(body)
      }
      await Promise.all(workers)
      assert.deepEqual(received.toSorted(), sent.toSorted())
    })
}

for (const [name, stop] of Object.entries(tour)) {
  await stop().catch(error => {
    throw new Error(`the stop "${name}" failed`, { cause: error })
  })
}
console.log(`${Object.keys(tour).length} stops`)
