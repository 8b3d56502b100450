/** The store in memory, which tests use, is a store as any other. */
import { MemoryStore } from '../../support/stores/memory-store.js';
import { keepsTheContractOfStores } from './store-contract.js';

keepsTheContractOfStores(async () => new MemoryStore());
