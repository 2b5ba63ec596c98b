// Everything that node-zookeeper-client can ask of a server: node node_tour.mjs NODE_MODULES HOST:PORT

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const [folder, address] = process.argv.slice(2)
const zookeeper = createRequire(`${resolve(folder)}/`)('node-zookeeper-client')
const { ACL, CreateMode, Event, Exception, Id, Permission } = zookeeper
const SESSION_TIMEOUT_MS = 20_000

async function withClient(action, path = '') {
  const client = zookeeper.createClient(address + path, { sessionTimeout: SESSION_TIMEOUT_MS })
  client.connect()
  await once(client, 'connected')
  try {
    const ask = name => promisify(client[name].bind(client))
    // Some answers have several parts.
    const both = name => (...args) =>
      new Promise((done, fail) => client[name](...args, (error, ...parts) => (error ? fail(error) : done(parts))))
    await action(client, ask, both)
  } finally {
    client.close()
    await once(client, 'disconnected')
  }
}

const fails = (promise, code) => assert.rejects(promise, error => error.code === Exception[code])
const event = () => {
  let come
  const promise = new Promise(done => (come = done))
  return { watcher: come, next: promise.then(({ name, path }) => [name, path]) }
}

const tour = {
  nodes: () =>
    withClient(async (client, ask, both) => {
      assert.equal(await ask('mkdirp')('/node/deep/below'), '/node/deep/below')
      assert.equal(await ask('create')('/node/a', Buffer.from('one')), '/node/a')
      const [data, stat] = await both('getData')('/node/a')
      assert.equal(data.toString(), 'one')
      assert.deepEqual([stat.version, stat.dataLength, stat.numChildren], [0, 3, 0])
      assert.equal((await ask('setData')('/node/a', Buffer.from('three'), 0)).version, 1)
      await fails(ask('setData')('/node/a', Buffer.from(''), 0), 'BAD_VERSION')
      await fails(ask('create')('/node/a'), 'NODE_EXISTS')
      await fails(ask('create')('/node/none/child'), 'NO_NODE')
      await fails(ask('remove')('/node'), 'NOT_EMPTY')
      await fails(ask('getData')('/node/none'), 'NO_NODE')
      assert.equal(await ask('exists')('/node/none'), null)
      const [children, parent] = await both('getChildren')('/node')
      assert.deepEqual(children.sort(), ['a', 'deep'])
      assert.deepEqual([parent.numChildren, parent.cversion], [2, 2])
      const names = []
      for (let count = 0; count < 3; count++) {
        names.push(await ask('create')('/node/n-', CreateMode.PERSISTENT_SEQUENTIAL))
      }
      assert.deepEqual(names, ['/node/n-0000000002', '/node/n-0000000003', '/node/n-0000000004'])
      // It finds two levels only.
      await ask('remove')('/node/deep/below')
      await ask('removeRecursive')('/node')
      assert.equal(await ask('exists')('/node'), null)
    }),

  access: () =>
    withClient((alice, asAlice) =>
      withClient(async (anybody, ask, both) => {
        alice.addAuthInfo('digest', Buffer.from('alice:secret'))
        await asAlice('create')('/closed', ACL.CREATOR_ALL_ACL)
        await fails(ask('getData')('/closed'), 'NO_AUTH')
        await fails(ask('setACL')('/closed', ACL.OPEN_ACL_UNSAFE), 'NO_AUTH')
        const acls = await asAlice('getACL')('/closed')
        assert.equal(acls[0].id.id, 'alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=')
        const readers = [new ACL(Permission.READ, new Id('ip', '127.0.0.0/8')), ...ACL.CREATOR_ALL_ACL]
        assert.equal((await asAlice('setACL')('/closed', readers, 0)).aversion, 1)
        assert.equal((await both('getData')('/closed'))[1].aversion, 1)
        await fails(ask('create')('/wrong', [new ACL(Permission.ALL, new Id('none', 'such'))]), 'INVALID_ACL')
        await ask('remove')('/closed')
      })
    ),

  watches: () =>
    withClient((client, ask) =>
      withClient(async (other, otherAsks) => {
        await ask('create')('/watched')
        const [created, children, changed, deleted] = [event(), event(), event(), event()]
        assert.equal(await ask('exists')('/watched/new', created.watcher), null)
        await ask('getChildren')('/watched', children.watcher)
        await otherAsks('create')('/watched/new')
        assert.deepEqual(await created.next, ['NODE_CREATED', '/watched/new'])
        assert.deepEqual(await children.next, ['NODE_CHILDREN_CHANGED', '/watched'])
        await ask('getData')('/watched/new', changed.watcher)
        await otherAsks('setData')('/watched/new', Buffer.from('x'))
        assert.deepEqual(await changed.next, ['NODE_DATA_CHANGED', '/watched/new'])
        await ask('exists')('/watched/new', deleted.watcher)
        await otherAsks('removeRecursive')('/watched')
        assert.deepEqual(await deleted.next, ['NODE_DELETED', '/watched/new'])
        assert.equal(Event.NODE_DELETED, 2)
      })
    ),

  transactions: () =>
    withClient(async (client, ask) => {
      const commit = transaction => promisify(transaction.commit.bind(transaction))()
      await commit(client.transaction().create('/t').create('/t/a', Buffer.from('1')).setData('/t/a', Buffer.from('2')).check('/t/a', 1))
      await fails(commit(client.transaction().remove('/t/a').check('/t', 7)), 'BAD_VERSION')
      assert.notEqual(await ask('exists')('/t/a'), null)
      await commit(client.transaction().remove('/t/a').remove('/t'))
      assert.equal(await ask('exists')('/t'), null)
    }),

  sessions: () =>
    withClient(async (client, ask) => {
      const gone = event()
      await withClient(async (second, secondAsks) => {
        assert.equal(second.getSessionTimeout(), SESSION_TIMEOUT_MS)
        await secondAsks('create')('/its-own', CreateMode.EPHEMERAL)
        const stat = await ask('exists')('/its-own', gone.watcher)
        assert.deepEqual(stat.ephemeralOwner, second.getSessionId())
        await fails(ask('create')('/its-own/child'), 'NO_CHILDREN_FOR_EPHEMERALS')
      })
      assert.deepEqual(await gone.next, ['NODE_DELETED', '/its-own'])
    }),

  chroot: () =>
    withClient(async (client, ask) => {
      await ask('mkdirp')('/apps/one')
      await withClient(async (inside, insideAsks) => {
        assert.equal(await insideAsks('create')('/a'), '/a')
        assert.deepEqual(await insideAsks('getChildren')('/'), ['a'])
      }, '/apps/one')
      for (const path of ['/apps/one/a', '/apps/one', '/apps']) await ask('remove')(path)
    }),
}

for (const [name, stop] of Object.entries(tour)) {
  try {
    await stop()
  } catch (error) {
    console.error(`in ${name}:`)
    throw error
  }
}
console.log(`${Object.keys(tour).length} stops`)
