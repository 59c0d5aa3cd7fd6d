/** The package's components, in bring-up order. */
export { LocalRay, type LocalRayArgs } from "./localRay";
export { LocalGateway, type LocalGatewayArgs } from "./localGateway";
