from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import signin  # noqa: PLC0415  needs the models, which are not there yet above

        signin.connect()
