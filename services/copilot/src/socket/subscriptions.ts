import { BOARD_TOPIC, type ServerMessage, type SocketErrorCode } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import type { Consumer } from '../identify.ts'
import type { Limits } from '../limits.ts'
import { followBoard, type BoardDeps } from '../topics/follow-board.ts'
import { followCall, type FollowDeps } from '../topics/follow-call.ts'
import type { HeadWatch } from '../topics/head-watch.ts'
import type { Outbox } from './outbox.ts'
import { parseTopic } from './read-message.ts'

export type SubscriptionDeps = FollowDeps &
  BoardDeps & {
    ledger: Pick<Ledger, 'read' | 'heads' | 'changedHeads'>
    heads: HeadWatch
    limits: Pick<Limits, 'maxTopics' | 'crossingMs' | 'retryMs'>
  }

export type Subscriptions = AsyncDisposable & {
  subscribe(topic: string, after: number | undefined): Promise<void>
  unsubscribe(topic: string): Promise<void>
}

const sentences: Readonly<
  Record<Exclude<SocketErrorCode, 'unauthenticated' | 'bad_message'>, string>
> = {
  forbidden: 'This token may not follow that',
  not_found: 'No such call in this tenant',
  too_many_topics: 'This connection follows as many topics as it may',
}

/** What one connection follows. */
export function createSubscriptions(
  deps: SubscriptionDeps,
  consumer: Consumer,
  outbox: Outbox,
): Subscriptions {
  const topics = new Map<string, AsyncDisposable>()

  const refuse = (topic: string, code: keyof typeof sentences) => {
    outbox.send({ type: 'error', code, message: sentences[code], topic })
  }

  const drop = async (topic: string) => {
    const following = topics.get(topic)
    topics.delete(topic)
    await following?.[Symbol.asyncDispose]()
  }

  const subscribeCall = async (topic: string, callId: string, after: number | undefined) => {
    if (!consumer.permissions.has('transcripts:read')) {
      refuse(topic, 'forbidden')
      return
    }
    const head = (await deps.ledger.heads(consumer.tenantId, [callId])).get(callId)
    if (head === undefined) {
      refuse(topic, 'not_found')
      return
    }
    const from = after ?? head
    const recovered = from <= head
    outbox.send({ type: 'subscribed', topic, seq: head, recovered })
    const target = { tenantId: consumer.tenantId, callId, after: Math.min(from, head) }
    await using stack = new AsyncDisposableStack()
    const following = stack.use(
      await followCall(deps, target, {
        event: (event) => outbox.send({ type: 'event', topic, event }),
        interim: (data) => outbox.send({ type: 'interim', topic, data }),
        room: () => outbox.room(),
      }),
    )
    stack.defer(
      deps.heads.watch({ tenantId: consumer.tenantId, callId, head: (seq) => following.head(seq) }),
    )
    topics.set(topic, stack.move())
  }

  const subscribeBoard = async (topic: string) => {
    if (!consumer.permissions.has('calls:read')) {
      refuse(topic, 'forbidden')
      return
    }
    outbox.send({ type: 'subscribed', topic, seq: 0, recovered: true })
    await using stack = new AsyncDisposableStack()
    const following = stack.use(
      await followBoard(deps, consumer.tenantId, {
        snapshot: (calls) => outbox.send({ type: 'snapshot', topic, calls: [...calls] }),
        event: (event) => outbox.send({ type: 'event', topic, event } satisfies ServerMessage),
      }),
    )
    stack.defer(deps.heads.watchBoard(() => following.look()))
    topics.set(topic, stack.move())
  }

  return {
    async subscribe(topic, after) {
      const parsed = parseTopic(topic)
      if (parsed === null) {
        refuse(topic, 'not_found')
        return
      }
      if (!topics.has(topic) && topics.size >= deps.limits.maxTopics) {
        refuse(topic, 'too_many_topics')
        return
      }
      await drop(topic)
      if (parsed.kind === 'call') await subscribeCall(topic, parsed.callId, after)
      else await subscribeBoard(BOARD_TOPIC)
    },
    async unsubscribe(topic) {
      await drop(topic)
      outbox.send({ type: 'unsubscribed', topic })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...topics.keys()].map(drop))
    },
  }
}
