import type * as z from 'zod';
import { CommonEnvironment } from './environment.ts';

export const AuthorizerEnvironment = CommonEnvironment.extend({});

export type AuthorizerEnvironment = z.input<typeof AuthorizerEnvironment>;
