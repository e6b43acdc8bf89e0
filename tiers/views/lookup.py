"""The look-up of queue machines: how somebody is served, and nothing else."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from core.api import ApiMixin
from core.clock import today
from core.phones import PhoneError
from tiers.queries.lookup import served_by
from tiers.serializers import LookupSerializer, ServedSerializer


class LookupThrottle(UserRateThrottle):
    """More than any queue needs, and too few to try telephone numbers out."""

    scope = "lookup"
    rate = "120/min"


class LookupView(ApiMixin):
    """What a queue machine asks; a token may carry the scope for this alone."""

    required_scope = "tiers:lookup"
    throttle_classes = [LookupThrottle]

    @extend_schema(
        operation_id="tiers_lookup", summary="Tier for a queue", request=LookupSerializer, responses=ServedSerializer
    )
    def post(self, request: Request) -> Response:
        """The tier's letter and the place in the queue (0 = in turn, else the higher the earlier).

        Somebody who is no customer here gets the same answer as a customer of the lowest tier.
        """
        asked = LookupSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ((field, text),) = asked.validated_data.items()
        try:
            found = served_by(request.user, field, text, today())
        except PhoneError as error:
            raise ValidationError({"phone": [str(LookupSerializer.NOT_A_PHONE)]}, code=error.code) from error
        return Response(ServedSerializer(found).data, headers={"Cache-Control": "no-store"})
