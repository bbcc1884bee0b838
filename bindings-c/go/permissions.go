package wiresign

/*
#include "native.h"

static int32_t wiresign_go_permits(const wiresign_config *config, const char *service, size_t service_length,
                                   const char *claims, size_t claims_length, const char *permission,
                                   size_t permission_length, bool *permits, wiresign_error **error)
{
    return wiresign_config_permits(config, service, service_length, claims_length == 0 ? NULL : claims, claims_length,
                                   permission, permission_length, permits, error);
}
*/
import "C"

// Permissions are what the callers of a configuration may do: an object of their own, since callers are asked when the
// configuration is closed already.
type permissions struct {
	object[*C.wiresign_config]
}

// permissionsOf is to be called while the configuration is in use.
func permissionsOf(config *Config) (*permissions, error) {
	var native *C.wiresign_config
	var failure *C.wiresign_error
	if status := C.wiresign_config_clone(config.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	own := &permissions{}
	own.own(native, func(native *C.wiresign_config) { C.wiresign_config_free(native) })
	return own, nil
}

// permits says whether a service may do all that a permission matches. Claims are empty where the request has no token.
func (p *permissions) permits(service, claims, permission string) (bool, error) {
	if !p.enter() {
		return false, spent("verifier")
	}
	defer p.leave()
	var permits C.bool
	var failure *C.wiresign_error
	status := C.wiresign_go_permits(p.pointer, chars(service), C.size_t(len(service)), chars(claims),
		C.size_t(len(claims)), chars(permission), C.size_t(len(permission)), &permits, &failure)
	if status != C.WIRESIGN_OK {
		return false, taken(status, failure)
	}
	return bool(permits), nil
}

// checkPermission says what is wrong with a permission: a handler that asks for what nobody can have is a mistake.
func checkPermission(permission string) error {
	var failure *C.wiresign_error
	if status := C.wiresign_permission_check(chars(permission), C.size_t(len(permission)), &failure); status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}
