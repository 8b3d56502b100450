// Types of chassis-programs.mjs.
export interface ChassisPrograms {
  /** ovs-vswitchd */
  readonly switch: string;
  /** ovs-vsctl */
  readonly configurer: string;
  /** ovn-controller */
  readonly controller: string;
  /** vswitch.ovsschema */
  readonly schema: string;
}

export const CHASSIS_PACKAGES: readonly string[];
export const UNPACKED: string;
export function findChassisPrograms(): ChassisPrograms | undefined;
