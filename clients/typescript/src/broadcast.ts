// What happens without being asked for, told to whoever listens.

/** How many events wait for a listener that does not come for them; the oldest are lost then. */
const WAITING_MAX = 256;

interface Listener<T> {
  readonly waiting: T[];
  wake: (() => void) | undefined;
}

/** Events for any number of listeners. */
export class Broadcast<T> {
  readonly #listeners = new Set<Listener<T>>();
  #isFinished = false;

  send(event: T): void {
    for (const listener of this.#listeners) {
      if (listener.waiting.length >= WAITING_MAX) listener.waiting.shift();
      listener.waiting.push(event);
      listener.wake?.();
    }
  }

  /** Nothing more comes; what waits is still told. */
  finish(): void {
    this.#isFinished = true;
    for (const listener of this.#listeners) listener.wake?.();
  }

  /** The events from now on, for one loop. They end with the client. */
  listen(): AsyncIterableIterator<T> {
    const listener: Listener<T> = { waiting: [], wake: undefined };
    this.#listeners.add(listener);
    let isOver = false;
    const over = (): IteratorResult<T> => {
      isOver = true;
      this.#listeners.delete(listener);
      listener.wake?.();
      return { done: true, value: undefined };
    };
    const next = async (): Promise<IteratorResult<T>> => {
      for (;;) {
        if (isOver) return over();
        const event = listener.waiting.shift();
        if (event !== undefined) return { done: false, value: event };
        if (this.#isFinished) return over();
        await new Promise<void>((resolve) => {
          const before = listener.wake;
          listener.wake = () => {
            listener.wake = undefined;
            before?.();
            resolve();
          };
        });
      }
    };
    return {
      next,
      return: async () => over(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
