import type { ErrorCode } from 'stillhere';

/** The one error that calls throw. */
export class StillhereError extends Error {
  readonly code: ErrorCode;
  readonly option?: string;

  constructor(code: ErrorCode, message: string, option?: string) {
    super(message);
    this.name = 'StillhereError';
    this.code = code;
    if (option !== undefined) {
      this.option = option;
    }
  }
}
